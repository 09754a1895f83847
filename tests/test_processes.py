"""Two real server processes on one database."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api import Api
from tests.processes import server


@pytest.fixture
def servers(database_url: str) -> Iterator[list[str]]:
    """The base URLs of two servers."""
    with server(database_url) as one, server(database_url) as two:
        yield [one, two]


async def people(api: Api) -> tuple[int, list[int]]:
    """A dentist who always works, and fifty patients."""
    doctor_id: int = await api.owner.fetchval(
        "insert into employee (first_name, last_name, is_bookable) values ('Clara', 'Bergmann', true) "
        "returning employee_id"
    )
    await api.owner.execute(
        "insert into working_hours (employee_id, weekday, opens, closes) "
        "select $1, weekday, '00:00', '24:00' from generate_series(1, 7) as weekday",
        doctor_id,
    )
    rows = await api.owner.fetch(
        "insert into patient (first_name, last_name) select 'Anna', 'Müller ' || n from generate_series(1, 50) as n "
        "returning patient_id"
    )
    return doctor_id, [row[0] for row in rows]


async def test_of_200_bookings_of_overlapping_times_one_is_made(api: Api, servers: list[str]) -> None:
    doctor_id, patient_ids = await people(api)
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=3)
    headers = {"Authorization": api.receptionist.headers["Authorization"]}

    def booking(number: int) -> dict[str, Any]:
        starts_at = start + timedelta(minutes=number % 6 * 5)
        return {
            "patient_id": patient_ids[number % len(patient_ids)],
            "doctor_id": doctor_id,
            "starts_at": starts_at.isoformat(),
            "duration_min": 30,
        }

    async with httpx.AsyncClient(headers=headers, timeout=30, limits=httpx.Limits(max_connections=200)) as client:

        async def book(number: int) -> httpx.Response:
            while True:
                answer = await client.post(f"{servers[number % 2]}/appointments", json=booking(number))
                if answer.status_code != 503:
                    return answer
                # on a slow machine: both servers have just started
                await asyncio.sleep(int(answer.headers["retry-after"]))

        answers = await asyncio.gather(*(book(number) for number in range(200)))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 199}
    booked = next(answer.json() for answer in answers if answer.status_code == 201)
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["code"] == "appointment_overlap"
            assert booked["appointment_id"] in [each["appointment_id"] for each in answer.json()["conflicts"]]
    assert await api.owner.fetchval("select count(*) from appointment") == 1
    assert await api.owner.fetchval("select count(*) from appointment_claim") == 2


async def test_a_revoked_session_is_out_everywhere_within_a_second(api: Api, servers: list[str]) -> None:
    headers = {"Authorization": api.doctor.headers["Authorization"]}
    async with httpx.AsyncClient(headers=headers, timeout=10) as client:
        for url in servers:
            assert (await client.get(f"{url}/clinic")).status_code == 200

        assert (await client.post(f"{servers[0]}/auth/logout")).status_code == 204
        await asyncio.sleep(1)
        statuses = [(await client.get(f"{url}/clinic")).status_code for url in servers]

    assert statuses == [401, 401]


async def test_a_service_starts_before_its_database_and_recovers_with_it(api: Api, servers: list[str]) -> None:
    headers = {"Authorization": api.doctor.headers["Authorization"]}
    async with httpx.AsyncClient(headers=headers, timeout=20) as client:
        assert (await client.get(f"{servers[0]}/clinic")).status_code == 200

        await api.owner.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
        statuses = [(await client.get(f"{servers[0]}/clinic")).status_code for _ in range(20)]
        await asyncio.sleep(1)
        after = (await client.get(f"{servers[0]}/clinic")).status_code

    assert set(statuses) <= {200, 503}
    assert after == 200
