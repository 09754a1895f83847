"""POST /treatments."""

import asyncio
from datetime import UTC, datetime, timedelta

from tests import make
from tests.api import Api, bad_fields, problem
from tests.treatments import rows

TABLES = ("treatment", "treatment_item", "treatment_item_tooth")


async def stored(api: Api) -> list[int]:
    return [await api.owner.fetchval(f"select count(*) from {table}") for table in TABLES]


async def test_a_treatment_is_added_with_its_items_and_teeth(api: Api) -> None:
    given = await rows.practice(api)
    await api.owner.execute("update clinic_settings set timezone = 'Europe/Berlin'")
    await api.services.watch.read()

    answer = await api.doctor.post(
        "/treatments",
        json={
            "patient_id": given.patient_id,
            "doctor_id": given.doctor_id,
            "performed_on": "2026-07-01",
            "diagnosis": "caries profunda",
            "note": "anxious",
            "items": [
                {
                    "service_id": given.service_id,
                    "quantity": 3,
                    "discount": "0.5",
                    "status": "done",
                    "teeth": [
                        {"tooth_id": 36, "surfaces": "MO", "note": "deep"},
                        {"tooth_id": 11, "condition": "crown"},
                    ],
                },
                {"service_id": given.service_id, "unit_price": "12.3"},
            ],
        },
    )

    body = answer.json()
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/api/v1/treatments/{body['treatment_id']}"
    assert answer.headers["etag"].startswith('"1-')
    items = body.pop("items")
    times = [body.pop("created_at"), body.pop("updated_at")]
    assert times[0] == times[1]
    assert body == {
        "treatment_id": body["treatment_id"],
        "patient_id": given.patient_id,
        "doctor_id": given.doctor_id,
        "appointment_id": None,
        "status": "planned",
        "performed_on": "2026-07-01",
        "diagnosis": "caries profunda",
        "note": "anxious",
        "total": "251.80",
        "created_by": api.user_ids["doctor"],
        "version": 1,
    }
    item_ids = [item.pop("treatment_item_id") for item in items]
    tooth_ids = [tooth.pop("treatment_item_tooth_id") for tooth in items[0]["teeth"]]
    assert item_ids == sorted(item_ids)
    assert len(set(tooth_ids)) == 2
    common = {"treatment_id": body["treatment_id"], "service_id": given.service_id, "service_name": "Filling"}
    assert items == [
        {
            **common,
            "quantity": 3,
            "unit_price": "80.00",
            "discount": "0.50",
            "total": "239.50",
            "status": "done",
            "done_at": "2026-07-01T12:00:00+02:00",
            "note": None,
            "teeth": [
                {"tooth_id": 11, "code": "11", "surfaces": None, "condition": "crown", "note": None, "version": 1},
                {"tooth_id": 36, "code": "36", "surfaces": "MO", "condition": None, "note": "deep", "version": 1},
            ],
            "version": 1,
        },
        {
            **common,
            "quantity": 1,
            "unit_price": "12.30",
            "discount": "0.00",
            "total": "12.30",
            "status": "planned",
            "done_at": None,
            "note": None,
            "teeth": [],
            "version": 1,
        },
    ]
    path = f"/treatments/{body['treatment_id']}"
    assert (await api.receptionist.get(path)).text == answer.text


async def test_a_treatment_without_items_is_todays_and_costs_nothing(api: Api) -> None:
    given = await rows.practice(api)

    made = await rows.treatment(api, given)

    assert (made["items"], made["total"]) == ([], "0.00")
    assert made["performed_on"] == datetime.now(UTC).date().isoformat()


async def test_the_day_of_its_appointment_is_its_own(api: Api) -> None:
    given = await rows.practice(api)
    appointment_id = await appointment(api, given)

    made = await rows.treatment(api, given, appointment_id=appointment_id)

    assert (made["appointment_id"], made["performed_on"]) == (appointment_id, "2026-03-03")


async def appointment(api: Api, given: rows.Practice) -> int:
    made: int = await api.owner.fetchval(
        """
        insert into appointment (patient_id, doctor_id, starts_at, ends_at)
        values ($1, $2, '2026-03-03T09:00Z', '2026-03-03T10:00Z') returning appointment_id
        """,
        given.patient_id,
        given.doctor_id,
    )
    return made


async def test_what_is_done_has_its_own_time_else_noon_or_now(api: Api) -> None:
    given = await rows.practice(api)
    before = datetime.now(UTC)
    tomorrow = (before + timedelta(days=1)).date().isoformat()

    made = await rows.treatment(
        api,
        given,
        {"status": "done"},
        {"done_at": "2026-01-02T03:04:05+09:00"},
        {"status": "planned"},
        performed_on=tomorrow,
        status="completed",
    )
    implied = await rows.treatment(api, given, {}, status="completed")

    now, sent, planned = made["items"]
    assert before <= datetime.fromisoformat(now["done_at"]) <= datetime.now(UTC)
    assert (sent["status"], sent["done_at"]) == ("done", "2026-01-01T18:04:05Z")
    assert (planned["status"], planned["done_at"]) == ("planned", None)
    assert implied["items"][0]["status"] == "done"


async def test_every_bad_field_is_named_and_nothing_is_stored(api: Api) -> None:
    given = await rows.practice(api)
    future = (datetime.now(UTC) + timedelta(hours=1)).isoformat()

    answer = await api.doctor.post(
        "/treatments",
        json={
            "doctor_id": given.doctor_id,
            "status": "finished",
            "performed_on": "2026-02-30",
            "total": "1.00",
            "items": [
                {"quantity": 0, "unit_price": 12, "discount": "-1", "done_at": future},
                {"service_id": 1, "quantity": 1001, "done_at": "2026-01-01T10:00:00", "status": "open"},
                {
                    "service_id": 1,
                    "teeth": [{"tooth_id": 11, "surfaces": "OM", "condition": "broken"}, {"surfaces": "MM"}],
                },
                {"service_id": 1, "teeth": [{"tooth_id": 11}, {"tooth_id": 11}]},
                {"service_id": 1, "status": "planned", "done_at": "2026-01-01T10:00:00Z"},
            ],
        },
    )

    assert bad_fields(answer) == {
        "patient_id",
        "status",
        "performed_on",
        "total",
        "items[0].service_id",
        "items[0].quantity",
        "items[0].unit_price",
        "items[0].discount",
        "items[0].done_at",
        "items[1].quantity",
        "items[1].done_at",
        "items[1].status",
        "items[2].teeth[0].surfaces",
        "items[2].teeth[0].condition",
        "items[2].teeth[1].tooth_id",
        "items[2].teeth[1].surfaces",
        "items[3].teeth[1].tooth_id",
        "items[4].done_at",
    }
    assert await stored(api) == [0, 0, 0]


async def test_bad_fields_that_only_the_catalogue_shows_are_all_named_before_anything_else(api: Api) -> None:
    given = await rows.practice(api)

    answer = await api.doctor.post(
        "/treatments",
        json={
            "patient_id": 999,
            "doctor_id": given.doctor_id,
            "items": [
                {"service_id": given.service_id, "discount": "80.01"},
                {"service_id": given.service_id, "quantity": 2, "unit_price": "5.00", "discount": "10.00"},
                {
                    "service_id": given.service_id,
                    "teeth": [{"tooth_id": 36, "surfaces": "I"}, {"tooth_id": 11, "surfaces": "O"}],
                },
                {"service_id": 999},
            ],
        },
    )

    assert bad_fields(answer) == {"items[0].discount", "items[2].teeth[0].surfaces", "items[2].teeth[1].surfaces"}
    assert await stored(api) == [0, 0, 0]


async def test_what_it_refers_to_must_be_there_and_usable(api: Api) -> None:
    given = await rows.practice(api)
    other = await rows.practice(api)
    others_appointment = await appointment(api, other)
    archived_doctor = await make.doctor(api, archived_at=datetime.now(UTC))
    assistant = await make.doctor(api, is_bookable=False)
    disabled = await make.service_id(api, is_active=False)
    archived = (await make.patient(api))["patient_id"]
    await api.admin.post(f"/patients/{archived}/archive")
    await api.owner.execute("update tooth_definition set is_active = false where tooth_id = 18")

    async def refused(status: int, code: str, field: str, **fields: object) -> None:
        body = {"patient_id": given.patient_id, "doctor_id": given.doctor_id, **fields}
        found = problem(await api.doctor.post("/treatments", json=body), status, code)
        assert [error["field"] for error in found["errors"]] == [field]

    await refused(422, "unknown_reference", "patient_id", patient_id=999)
    await refused(422, "archived", "patient_id", patient_id=archived)
    await refused(422, "unknown_reference", "doctor_id", doctor_id=999)
    await refused(422, "archived", "doctor_id", doctor_id=archived_doctor)
    await refused(422, "not_bookable", "doctor_id", doctor_id=assistant)
    await refused(422, "unknown_reference", "appointment_id", appointment_id=999)
    await refused(422, "unknown_reference", "appointment_id", appointment_id=others_appointment)
    first = {"service_id": given.service_id}
    await refused(422, "unknown_reference", "items[1].service_id", items=[first, {"service_id": 999}])
    await refused(422, "inactive", "items[0].service_id", items=[{"service_id": disabled}])
    await refused(422, "unknown_reference", "items[0].teeth[0].tooth_id", items=[first | {"teeth": [{"tooth_id": 19}]}])
    await refused(422, "inactive", "items[0].teeth[0].tooth_id", items=[first | {"teeth": [{"tooth_id": 18}]}])
    assert await stored(api) == [0, 0, 0]


async def test_a_merged_patient_names_his_survivor(api: Api) -> None:
    given = await rows.practice(api)
    survivor = (await make.patient(api))["patient_id"]
    await api.owner.execute(
        "update patient set merged_into = $1, status = 'merged' where patient_id = $2", survivor, given.patient_id
    )

    answer = await api.doctor.post("/treatments", json={"patient_id": given.patient_id, "doctor_id": given.doctor_id})

    assert problem(answer, 409, "merged")["merged_into"] == survivor


async def test_who_may_not_write_treatments_is_refused(api: Api) -> None:
    given = await rows.practice(api)
    body = {"patient_id": given.patient_id, "doctor_id": given.doctor_id}

    for client in (api.manager, api.receptionist, api.patient):
        problem(await client.post("/treatments", json=body), 403, "forbidden")
    problem(await api.anonymous.post("/treatments", json=body), 401, "unauthenticated")
    for client in (api.admin, api.doctor, api.assistant):
        assert (await client.post("/treatments", json=body)).status_code == 201


async def test_every_row_is_in_the_audit_log_with_its_patient(api: Api) -> None:
    given = await rows.practice(api)

    await rows.treatment(api, given, {"teeth": [{"tooth_id": 11}]})

    entries = {entry["entity"]: entry for entry in await api.audited(action="create") if entry["entity"] in TABLES}
    assert set(entries) == set(TABLES)
    assert {entry["patient_id"] for entry in entries.values()} == {given.patient_id}
    assert {entry["actor_id"] for entry in entries.values()} == {api.user_ids["doctor"]}


async def test_a_later_change_of_the_catalogue_changes_no_item(api: Api) -> None:
    given = await rows.practice(api)
    made = await rows.treatment(api, given, {})

    await api.owner.execute("update service_catalog set price = 1, name = 'x', resulting_condition = 'crown'")

    assert await rows.get(api, made["treatment_id"]) == made


async def test_a_treatment_waits_for_the_archiving_of_its_patient(api: Api) -> None:
    given = await rows.practice(api)

    async with api.owner.transaction():
        await api.owner.execute("update patient set archived_at = now(), status = 'archived'")
        adding = asyncio.create_task(
            api.doctor.post("/treatments", json={"patient_id": given.patient_id, "doctor_id": given.doctor_id})
        )
        await asyncio.sleep(0.3)
        was_waiting = not adding.done()

    problem(await adding, 422, "archived")
    assert was_waiting


async def test_what_is_moved_to_another_patient_takes_its_items_and_teeth_along(api: Api) -> None:
    given, other = await rows.practice(api), await rows.practice(api)
    made = await rows.treatment(api, given, {"status": "done", "teeth": [{"tooth_id": 36}]})

    await api.owner.execute("update treatment set patient_id = $1", other.patient_id)

    charts = [(await api.doctor.get(f"/patients/{each.patient_id}/odontogram")).json() for each in (given, other)]
    assert [chart["has_chart"] for chart in charts] == [False, True]
    assert (await rows.get(api, made["treatment_id"]))["items"][0]["teeth"][0]["tooth_id"] == 36


async def test_the_largest_treatment_is_added_in_one_go(api: Api) -> None:
    given = await rows.practice(api)
    teeth = [{"tooth_id": 10 * quadrant + position} for quadrant in range(1, 5) for position in range(1, 9)]

    made = await rows.treatment(api, given, *({"teeth": teeth} for _ in range(100)))
    one_more = await api.doctor.post(
        "/treatments",
        json={
            "patient_id": given.patient_id,
            "doctor_id": given.doctor_id,
            "items": [{"service_id": given.service_id}] * 101,
        },
    )

    assert made["total"] == "8000.00"
    assert sum(len(item["teeth"]) for item in made["items"]) == 3200
    assert bad_fields(one_more) == {"items"}
