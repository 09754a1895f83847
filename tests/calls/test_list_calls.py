"""GET /calls and GET /patients/{patient_id}/calls."""

from typing import Any

from tests import make
from tests.api import Api, bad_fields, problem
from tests.calls.test_add_call import NUMBER, add


def ids(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [call["call_id"] for call in answer.json()["items"]]


async def test_pages_are_by_start_newest_first(api: Api) -> None:
    patient_id, _ = await make.holder(api)
    hours = [9, 11, 10, 11, 8]
    added = [(await add(api, number=NUMBER, started_at=f"2026-11-22T{hour:02}:00:00Z"))["call_id"] for hour in hours]

    for path in ("/calls", f"/patients/{patient_id}/calls"):
        seen: list[int] = []
        query = "?limit=2"
        while query:
            answer = await api.doctor.get(path + query)
            seen += ids(answer)
            cursor = answer.json()["next_cursor"]
            query = f"?limit=2&cursor={cursor}" if cursor else ""
        assert seen == [added[index] for index in (3, 1, 2, 0, 4)]


async def test_filters(api: Api) -> None:
    patient_id, _ = await make.holder(api)
    first = (await add(api, number=NUMBER, started_at="2026-11-22T09:00:00Z"))["call_id"]
    second = (await add(api, number="+4930999888", direction="out", status="busy", started_at="2026-11-22T10:00:00Z"))[
        "call_id"
    ]

    async def listed(query: str) -> list[int]:
        return ids(await api.assistant.get(f"/calls?{query}"))

    assert await listed("phone=0171/2345678") == [first]
    assert await listed("from=2026-11-22T10:00:00Z") == [second]
    assert await listed("to=2026-11-22T10:00:00Z") == [first]
    assert await listed("contact_type=prospect&contact_type=other") == [second]
    assert await listed("direction=out") == [second]
    assert await listed("status=busy&status=completed") == [second, first]
    assert await listed(f"patient_id={patient_id}") == [first]


async def test_a_patient_has_the_calls_of_all_his_numbers(api: Api) -> None:
    first, _ = await make.holder(api)
    second, _ = await make.holder(api)
    third, hold = await make.holder(api, "+4930123456")
    shared = (await add(api, number=NUMBER))["call_id"]
    own = (await add(api, phone_number_id=hold))["call_id"]
    await api.owner.execute("delete from patient_phone where phone_number_id = $1", hold)

    assert ids(await api.doctor.get(f"/patients/{first}/calls")) == [shared]
    assert ids(await api.doctor.get(f"/patients/{second}/calls")) == [shared]
    assert ids(await api.doctor.get(f"/patients/{third}/calls")) == [own]
    reads = [row["patient_id"] for row in await api.audited(action="read") if row["patient_id"]]
    assert reads == [third, second, first]


async def test_bad_parameters_unknown_patients_and_permissions(api: Api) -> None:
    query = "phone=1&from=x&to=2026-11-22&contact_type=a&direction=b&status=c&patient_id=d&e=f"
    names = {"phone", "from", "to", "contact_type", "direction", "status", "patient_id", "e"}
    assert bad_fields(await api.doctor.get(f"/calls?{query}")) == names
    problem(await api.doctor.get("/patients/999/calls"), 404, "not_found")
    for path in ("/calls", "/patients/1/calls", "/calls/1"):
        problem(await api.patient.get(path), 403, "forbidden")
        problem(await api.anonymous.get(path), 401, "unauthenticated")
