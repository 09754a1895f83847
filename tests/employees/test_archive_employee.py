"""POST /employees/{employee_id}/archive and /restore."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg

from tests import make
from tests.api import Api, problem

BOOK = "insert into appointment (patient_id, doctor_id, starts_at, ends_at, status) values ($1, $2, $3, $4, $5)"


async def book(connection: asyncpg.Connection, patient_id: int, doctor_id: int, in_hours: int, status: str) -> None:
    starts_at = datetime.now(UTC) + timedelta(hours=in_hours)
    await connection.execute(BOOK, patient_id, doctor_id, starts_at, starts_at + timedelta(minutes=30), status)


async def test_archiving_and_restoring_again_change_nothing(api: Api) -> None:
    employee = await make.employee(api)
    path = f"/employees/{employee['employee_id']}"

    archived, twice, restored, again = [
        (await api.manager.post(path + action)) for action in ("/archive", "/archive", "/restore", "/restore")
    ]

    assert [archived.status_code, twice.status_code, restored.status_code, again.status_code] == [200] * 4
    assert archived.json()["archived_at"] == archived.json()["updated_at"]
    assert archived.json()["version"] == 2
    assert twice.json() == archived.json()
    assert restored.json() == employee | {"updated_at": restored.json()["updated_at"], "version": 3}
    assert again.json() == restored.json()
    assert len(await api.audited(entity="employee", action="update")) == 2


async def test_future_appointments_stand_against_it(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    doctor_id = (await make.employee(api, is_bookable=True))["employee_id"]
    for in_hours, status in (
        (-30, "finished"),
        (-1, "came"),
        (24, "cancelled"),
        (25, "no_show"),
        (26, "booked"),
        (28, "confirmed"),
    ):
        await book(api.owner, patient_id, doctor_id, in_hours, status)

    answer = await api.admin.post(f"/employees/{doctor_id}/archive")

    assert problem(answer, 409, "has_future_appointments")["count"] == 2
    assert (await api.admin.get(f"/employees/{doctor_id}")).json()["archived_at"] is None
    await api.owner.execute("update appointment set status = 'cancelled' where starts_at > now()")
    assert (await api.admin.post(f"/employees/{doctor_id}/archive")).status_code == 200


async def test_a_booking_at_the_same_moment_stands_against_it(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    doctor_id = (await make.employee(api, is_bookable=True))["employee_id"]
    async with api.owner.transaction():
        await api.owner.execute("select from employee where employee_id = $1 for share", doctor_id)
        archiving = asyncio.create_task(api.admin.post(f"/employees/{doctor_id}/archive"))
        await asyncio.sleep(0.2)
        await book(api.owner, patient_id, doctor_id, 24, "booked")

    assert problem(await archiving, 409, "has_future_appointments")["count"] == 1
