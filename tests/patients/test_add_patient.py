"""POST /patients."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests import make
from tests.api import Api, bad_fields, problem


async def test_adding_a_patient_answers_201_with_its_location(api: Api) -> None:
    answer = await api.receptionist.post(
        "/patients",
        json={
            "first_name": " Zoe\u0308 ",
            "last_name": "Müller",
            "middle_name": "",
            "birth_date": "1990-05-17",
            "phone_numbers": [{"number": "0171 234-56 78", "label": "mobile"}],
        },
    )

    patient = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/patients/{patient['patient_id']}"
    assert answer.headers["etag"].startswith('"1-')
    assert patient["first_name"] == "Zoë"
    assert patient["middle_name"] is None
    assert patient["register_number"] == "P000001"
    assert patient["primary_phone"] == "+491712345678"
    assert patient["gender"] == "unknown"
    assert patient["status"] == "active"
    assert (await api.receptionist.get(answer.headers["location"].removeprefix("/api/v1"))).status_code == 200


async def test_every_bad_field_is_named_and_nothing_is_stored(api: Api) -> None:
    answer = await api.admin.post(
        "/patients",
        json={"last_name": " ", "birth_date": "1990-02-30", "shoe_size": 42, "phone_numbers": [{"number": "12"}, {}]},
    )

    assert bad_fields(answer) == {
        "first_name",
        "last_name",
        "birth_date",
        "shoe_size",
        "phone_numbers[0].number",
        "phone_numbers[1].number",
    }
    assert await api.owner.fetchval("select count(*) from patient") == 0


async def test_a_birth_date_lies_before_the_clinics_today(api: Api) -> None:
    await api.owner.execute("update clinic_settings set timezone = 'Pacific/Kiritimati'")
    await api.services.watch.refresh()
    today = datetime.now(ZoneInfo("Pacific/Kiritimati")).date()

    bad = await api.admin.post("/patients", json={"first_name": "A", "last_name": "B", "birth_date": str(today)})
    good = await make.patient(api, birth_date=str(today - timedelta(days=1)))

    assert bad_fields(bad) == {"birth_date"}
    assert good["birth_date"] == str(today - timedelta(days=1))


async def test_what_the_database_could_not_hold_is_refused(api: Api) -> None:
    bodies: list[tuple[dict[str, Any], set[str]]] = [
        ({"first_name": "a" * 101}, {"first_name"}),
        ({"note": "a" * 10_001}, {"note"}),
        ({"first_name": "a\0b"}, {"first_name"}),
        ({"alerts": ["x", ""]}, {"alerts[1]"}),
        ({"alerts": ["x"] * 51}, {"alerts"}),
        ({"alerts": None}, {"alerts"}),
        ({"birth_date": "0001-01-01"}, {"birth_date"}),
        ({"gender": "cat", "email": "a@b"}, {"gender", "email"}),
        ({"phone_numbers": [{"number": "0171 2345678"}] * 21}, {"phone_numbers"}),
        ({"register_number": "x" * 51}, {"register_number"}),
    ]
    for fields, bad in bodies:
        answer = await api.admin.post("/patients", json={"first_name": "A", "last_name": "B", **fields})

        assert bad_fields(answer) == bad
    for raw in (b"", b"{", b"[]", b"[" * 100_000, b'"x"', b"\xff"):
        problem(
            await api.admin.post("/patients", content=raw, headers={"Content-Type": "application/json"}),
            400,
            "invalid_request",
        )
    assert await api.owner.fetchval("select count(*) from patient") == 0


async def test_one_number_twice_is_refused(api: Api) -> None:
    numbers = [{"number": "0171 2345678"}, {"number": "+49 171 2345678"}]

    answer = await api.admin.post("/patients", json={"first_name": "A", "last_name": "B", "phone_numbers": numbers})

    assert problem(answer, 409, "duplicate")["errors"][0]["field"] == "phone_numbers"
    assert await api.owner.fetchval("select count(*) from patient") == 0


async def test_numbers_given_by_the_server_skip_those_given_by_hand(api: Api) -> None:
    taken = [make.patient(api, register_number=f"p{number:06}") for number in range(1, 20, 2)]
    given = [make.patient(api) for _ in range(20)]

    patients = await asyncio.gather(*taken, *given)

    assert len({patient["register_number"].upper() for patient in patients}) == 30


async def test_adding_is_written_into_the_audit_log(api: Api) -> None:
    patient = await make.patient(api, note="likes tea", phone_numbers=[{"number": "0171 2345678"}])

    entries = {entry["entity"]: entry for entry in await api.audited(action="create", patient_id=patient["patient_id"])}
    assert entries.keys() == {"patient", "patient_phone"}
    assert entries["patient"]["actor_id"] == api.user_ids["admin"]
    assert entries["patient"]["after"]["note"] == "likes tea"
    assert entries["patient_phone"]["after"]["e164"] == "+491712345678"


async def test_an_assistant_may_not_add_patients(api: Api) -> None:
    answer = await api.assistant.post("/patients", json={"first_name": "A", "last_name": "B"})

    problem(answer, 403, "forbidden")
    assert [row["entity"] for row in await api.audited(action="denied")] == ["patient"]


async def test_a_register_number_is_unique_in_any_case(api: Api) -> None:
    await make.patient(api, register_number="x-1")

    answer = await api.admin.post("/patients", json={"first_name": "A", "last_name": "B", "register_number": "X-1"})

    assert problem(answer, 409, "duplicate")["errors"][0]["field"] == "register_number"


async def test_the_same_key_gives_the_same_answer_again(api: Api) -> None:
    body = {"first_name": "Anna", "last_name": "Müller"}
    headers = {"Idempotency-Key": "k-1"}

    answers = [await api.admin.post("/patients", json=body, headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert "idempotency-replayed" not in answers[0].headers
    assert answers[1].headers["idempotency-replayed"] == "true"
    assert await api.owner.fetchval("select count(*) from patient") == 1


async def test_many_at_once_with_one_key_have_one_effect(api: Api) -> None:
    body = {"first_name": "Anna", "last_name": "Müller"}

    answers = await asyncio.gather(
        *(api.admin.post("/patients", json=body, headers={"Idempotency-Key": "k-1"}) for _ in range(20))
    )

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.text for answer in answers if answer.status_code == 201}) == 1
    assert await api.owner.fetchval("select count(*) from patient") == 1


async def test_another_request_under_the_same_key_is_refused(api: Api) -> None:
    headers = {"Idempotency-Key": "k-1"}
    await api.admin.post("/patients", json={"first_name": "A", "last_name": "B"}, headers=headers)

    answer = await api.admin.post("/patients", json={"first_name": "A", "last_name": "C"}, headers=headers)

    problem(answer, 422, "idempotency_mismatch")
    assert await api.owner.fetchval("select count(*) from patient") == 1


async def test_an_error_is_not_kept_under_its_key(api: Api) -> None:
    headers = {"Idempotency-Key": "k-1"}
    problem(await api.admin.post("/patients", json={}, headers=headers), 400, "invalid_request")

    answer = await api.admin.post("/patients", json={"first_name": "A", "last_name": "B"}, headers=headers)

    assert answer.status_code == 201
