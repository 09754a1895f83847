"""Two instances of the service on one database never book the same time twice."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import httpx
import msgspec
import pytest

from dcms.app import create_app
from tests import make
from tests.api import Api
from tests.make import jsonable, workday


@pytest.fixture
async def other(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """A doctor's client of a second instance, with a pool of its own."""
    app = create_app(msgspec.structs.replace(api.services.settings, database_url=api.services.database.url))
    app.services.use_database(api.services.database.url)
    await app.services.start()
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    yield httpx.AsyncClient(transport=transport, base_url=str(api.doctor.base_url), headers=api.doctor.headers)
    await app.services.stop()


async def insist(client: httpx.AsyncClient, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
    """Ask until the service has a connection to spare, as 503 says to do."""
    answer = await client.request(method, path, json=body)
    if answer.status_code != 503:
        return answer
    await asyncio.sleep(int(answer.headers["retry-after"]))
    return await insist(client, method, path, body)


async def test_of_200_overlapping_bookings_one_is_made(api: Api, other: httpx.AsyncClient) -> None:
    doctors = [await make.doctor(api) for _ in range(2)]
    patients = [(await make.patient(api))["patient_id"] for _ in range(2)]
    chair_id = await make.chair_id(api)
    # each two of them share the patient, the doctor or the chair
    bodies = [
        jsonable(
            {
                "patient_id": patients[number % 2],
                "doctor_id": doctors[number // 2 % 2],
                "chair_id": chair_id,
                "starts_at": workday(9, number % 29),
            }
        )
        for number in range(200)
    ]

    answers = await asyncio.gather(
        *(insist((api.doctor, other)[number % 2], "POST", "/appointments", body) for number, body in enumerate(bodies))
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 199
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"appointment_overlap"}
    assert await api.owner.fetchval("select count(*) from appointment") == 1
    assert await api.owner.fetchval("select count(*) from appointment_claim") == 3
    assert await api.owner.fetchval("select count(*) from appointment_event") == 1


async def test_moves_against_each_other_end_apart(api: Api, other: httpx.AsyncClient) -> None:
    doctor_id = await make.doctor(api)
    made = [await make.appointment(api, doctor_id=doctor_id, starts_at=workday(8 + hour)) for hour in range(8)]

    answers = await asyncio.gather(
        *(
            insist(
                (api.doctor, other)[number % 2],
                "PATCH",
                f"/appointments/{appointment['appointment_id']}",
                jsonable({"starts_at": workday(8 + (number * 5 + shift) % 9, 10), "duration_min": 55}),
            )
            for shift in range(6)
            for number, appointment in enumerate(made)
        )
    )

    assert {answer.status_code for answer in answers} <= {200, 409}
    assert {answer.json().get("code") for answer in answers if answer.status_code == 409} == {"appointment_overlap"}
    times = await api.owner.fetch("select starts_at, ends_at from appointment order by starts_at")
    assert len(times) == 8
    assert all(before["ends_at"] <= after["starts_at"] for before, after in pairwise(times))


async def test_the_constraint_alone_is_enough(api: Api, other: httpx.AsyncClient) -> None:
    await api.owner.execute("alter table appointment disable trigger refuse_overlaps_insert")
    doctor_id = await make.doctor(api)
    patients = [(await make.patient(api))["patient_id"] for _ in range(10)]

    answers = await asyncio.gather(
        *(
            insist(
                (api.doctor, other)[number % 2],
                "POST",
                "/appointments",
                jsonable({"patient_id": patient_id, "doctor_id": doctor_id, "starts_at": workday(9, number)}),
            )
            for number, patient_id in enumerate(patients)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"appointment_overlap"}
