"""A clinic of any size in a database of its own, filled as if it had run for years."""

import asyncio
import math
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import psycopg
from psycopg import sql

from dcms.database.cluster import Cluster, system_bin_dir
from dcms.database.migrate import migrate
from dcms.database.pool import PLANNER_SETTINGS
from dcms.database.queries import Queries
from dcms.demo import names
from dcms.demo.seed import seed

FILL = Queries(Path(__file__).parent / "sql" / "fill")
DEMO = Queries(Path(__file__).parent.parent / "sql" / "demo")

SERVICE_ROLE = "dcms_app"
SETTINGS = {
    # what production has: an acknowledged write is on the disk
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "maintenance_work_mem": "1GB",
    **PLANNER_SETTINGS,
    "max_connections": "200",
}
LARGE_TABLES = [
    "appointment", "appointment_claim", "appointment_event", "patient", "patient_phone", "patient_term", "phone_number",
    "treatment", "treatment_item", "sms", "call", "invoice", "invoice_line", "payment", "payment_allocation",
]  # fmt: skip
SMALLEST = 10_000
APPOINTMENTS_A_DAY = 12
APPOINTMENTS_A_PATIENT = 5
WEEKS_AHEAD = 6
# they only take the bookings that are measured, early and late on all days, so that there is room for all of them
SPARE_DOCTORS = 100
SPARE_HOURS = ("06:00", "22:00")


class Clinic(msgspec.Struct, frozen=True):
    """A filled database, and what is in it."""

    owner_url: str
    service_url: str
    appointments: int
    doctors: int
    patients: int
    first_doctor: int
    first_patient: int
    first_appointment: int
    first_spare_doctor: int
    # a Monday
    first_day: date
    # a Monday with a diary, and free time after it
    coming_day: date

    @property
    def doctor_ids(self) -> list[int]:
        """Those with a diary."""
        return list(range(self.first_doctor, self.first_doctor + self.doctors))

    @property
    def patient_ids(self) -> range:
        """All who have appointments."""
        return range(self.first_patient, self.first_patient + self.patients)


@contextmanager
def throwaway_cluster(folder: Path, settings: dict[str, str]) -> Iterator[Cluster]:
    """A PostgreSQL that is gone afterwards: the embedded one, or with DCMS_BENCH_PG=system the machine's own."""
    is_system = os.environ.get("DCMS_BENCH_PG") == "system"
    cluster = Cluster(folder, system_bin_dir() if is_system else None, settings)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.destroy()


def doctors_for(appointments: int) -> int:
    """A practice grows in years and in doctors alike, so that a day of one doctor stays what it is."""
    return max(20, round(20 * math.sqrt(appointments / SMALLEST)))


def make_clinic(cluster: Cluster, name: str, appointments: int) -> Clinic:
    """Make, migrate and fill a database; one of that name is replaced."""
    with psycopg.connect(cluster.url(), autocommit=True) as owner:
        owner.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        owner.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    url = cluster.url(name)
    migrate(url)
    with psycopg.connect(cluster.url(), autocommit=True) as owner:
        owner.execute(sql.SQL("alter role {} login").format(sql.Identifier(SERVICE_ROLE)))
    seed(url)
    return asyncio.run(_fill(url, cluster.url(name, SERVICE_ROLE), appointments))


def copy_database(cluster: Cluster, name: str, copy: str) -> str:
    """A second database with the same content; its owner's address."""
    with psycopg.connect(cluster.url(), autocommit=True) as owner:
        owner.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(copy)))
        owner.execute(
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(copy), sql.Identifier(name)
            )
        )
    return cluster.url(copy)


async def _fill(owner_url: str, service_url: str, appointments: int) -> Clinic:
    doctors = doctors_for(appointments)
    patients = max(200, appointments // APPOINTMENTS_A_PATIENT)
    weeks = math.ceil(appointments / doctors / APPOINTMENTS_A_DAY / 5)
    today = datetime.now(UTC).date()
    monday = today - timedelta(days=today.weekday())
    first_day = monday - timedelta(weeks=max(0, weeks - WEEKS_AHEAD))
    connection = await asyncpg.connect(owner_url)
    try:
        async with connection.transaction():
            await _run(connection, "begin")
            for month in await connection.fetch(*_bound("audit_months", first_day=first_day)):
                await connection.execute(month[0])
            async with _unhindered(connection):
                staff = await _run(connection, "doctors", doctors=doctors, weekdays=5, opens="08:00", closes="17:00")
                opens, closes = SPARE_HOURS
                spare = await _run(connection, "doctors", doctors=SPARE_DOCTORS, weekdays=7, opens=opens, closes=closes)
                first_patient = await _run(
                    connection,
                    "patients",
                    patients=patients,
                    days=(today - first_day).days + 1,
                    first_names=[*names.FEMALE, *names.MALE],
                    last_names=list(names.LAST),
                )
                first_appointment = await _run(
                    connection,
                    "appointments",
                    appointments=appointments,
                    patients=patients,
                    doctors=doctors,
                    first_patient=first_patient[0],
                    first_doctor=staff["doctor_id"],
                    first_chair=staff["chair_id"],
                    first_day=first_day,
                )
                since = {"first_appointment": first_appointment[0]}
                await _run(connection, "history", **since)
                await _run(connection, "treatments", **since)
                await _run(connection, "messages", **since)
                await _run(connection, "bills", first_patient=first_patient[0])
                await _run(connection, "traffic", appointments=appointments)
                await connection.execute(FILL.empty.text)
                await connection.execute(DEMO.claims.text)
                await connection.execute(DEMO.terms.text)
                await connection.execute(DEMO.doctors_patients.text)
        await connection.execute("vacuum (analyze)")
        await connection.execute("checkpoint")
    finally:
        await connection.close()
    return Clinic(
        owner_url=owner_url,
        service_url=service_url,
        appointments=appointments,
        doctors=doctors,
        patients=patients,
        first_doctor=staff["doctor_id"],
        first_patient=first_patient[0],
        first_appointment=first_appointment[0],
        first_spare_doctor=spare["doctor_id"],
        first_day=first_day,
        coming_day=monday + timedelta(weeks=2),
    )


def _bound(name: str, **arguments: Any) -> tuple[Any, ...]:
    query = getattr(FILL, name)
    return (query.text, *query.bind(arguments))


async def _run(connection: asyncpg.Connection, name: str, **arguments: Any) -> Any:
    return await connection.fetchrow(*_bound(name, **arguments))


@asynccontextmanager
async def _unhindered(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Load without foreign keys, exclusion and indexes, and make them again: whatever breaks one fails the filling."""
    hindrances = await connection.fetch(*_bound("hindrances", tables=LARGE_TABLES))
    for hindrance in hindrances:
        await connection.execute(hindrance["taken"])
    yield
    # indexes first, foreign keys last
    for hindrance in sorted(hindrances, key=lambda each: "FOREIGN KEY" in each["put_back"]):
        await connection.execute(hindrance["put_back"])
