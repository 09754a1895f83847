"""Times and numbers are read as the contract spells them, in bodies and in query strings."""

import pytest

from tests import make
from tests.api import Api, bad_fields, problem


@pytest.mark.parametrize(
    "time",
    [
        "1764576000",
        "1764576000.5",
        "-1",
        "2026-12-01T08:00:00+0100",
        "2026-12-01T08:00:00",
        "2026-12-01",
        "20261201T080000Z",
    ],
)
async def test_a_time_that_is_not_rfc_3339_answers_400(api: Api, time: str) -> None:
    period = {"starts_at": time, "ends_at": time, "dry_run": True}

    assert bad_fields(await api.admin.get("/appointments", params={"from": time})) == {"from"}
    assert bad_fields(await api.admin.post("/employees/1/time_off", json=period)) == {"starts_at", "ends_at"}


@pytest.mark.parametrize("time", ["2026-12-01T08:00:00Z", "2026-12-01t08:00:00.123456z", "2026-12-01T08:00:00-00:30"])
async def test_a_time_of_rfc_3339_is_taken(api: Api, time: str) -> None:
    assert (await api.admin.get("/appointments", params={"from": time})).status_code == 200


@pytest.mark.parametrize("number", ["1.0", "1e1", "0x1", "1_0", "+1", "true"])
async def test_a_whole_number_is_digits(api: Api, number: str) -> None:
    query = {"limit": number, "doctor_id": number}

    assert bad_fields(await api.admin.get("/appointments", params=query)) == {"limit", "doctor_id"}


async def test_a_wrong_form_is_told_by_an_example(api: Api) -> None:
    email = await api.admin.post("/patients", json={"first_name": "A", "last_name": "B", "email": "at home"})
    price = await api.admin.patch(f"/services/{await make.service_id(api)}", json={"price": "12 EUR"})
    month = await api.admin.get("/calendar/month", params={"month": "May"})
    name = await api.admin.post("/users", json={"username": "ab", "display_name": "A", "roles": ["admin"]})

    for answer, field, message in (
        (email, "email", "must look like anna@example.org"),
        (price, "price", "must look like 120.00"),
        (month, "month", "must look like 2026-11"),
        (name, "username", "expected `str` of length >= 3"),
    ):
        assert problem(answer, 400, "invalid_request")["errors"] == [{"field": field, "message": message}]
