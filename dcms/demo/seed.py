"""Fills an empty database with the demo clinic, the same for the same day. Through COPY, as its owner."""

import asyncio
import json
import random
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import asyncpg
from argon2 import PasswordHasher as Argon2

from dcms.database.queries import queries
from dcms.demo import names
from dcms.demo.bills import make_bills
from dcms.demo.catalogue import ASSISTANTS, CHAIRS, DENTISTS, FRONT_DESK, POSITIONS, SERVICES
from dcms.demo.diary import Entry, diary

SQL = queries("demo")

PASSWORD = "dcms-demo-password"  # noqa: S105
ZONE = ZoneInfo("Europe/Berlin")
SEED = 2026
PATIENTS = 500
WEEKS_BACK = 4
WEEKS_AHEAD = 4
MAX_WEEKS_BACK = 520


class DemoUser(NamedTuple):
    """A login of the demo."""

    username: str
    display_name: str


USERS = (
    DemoUser("admin", "Ada Admin"),
    DemoUser("manager", "Max Manager"),
    DemoUser("doctor", "Dr. Clara Bergmann"),
    DemoUser("assistant", "Lena Hartmann"),
    DemoUser("receptionist", "Ida Schneider"),
    DemoUser("patient", "Pat Patient"),
)


def is_empty(owner_url: str) -> bool:
    """Whether nobody has a login yet."""

    async def ask() -> bool:
        connection = await asyncpg.connect(owner_url)
        try:
            return not await connection.fetchval(SQL.has_users.text)
        finally:
            await connection.close()

    return asyncio.run(ask())


def seed(owner_url: str, scale: int = 1) -> None:
    """Fill the clinic; with a scale that many times as many patients and appointments."""
    asyncio.run(_seed(owner_url, scale))


async def _seed(owner_url: str, scale: int) -> None:
    connection = await asyncpg.connect(owner_url, command_timeout=3600)
    try:
        async with connection.transaction():
            # a large clinic is loaded without triggers; what they keep is made afterwards, in one go
            await connection.execute(SQL.begin.text, json.dumps({"request_id": "demo"}), scale > 1)
            await _Seeder(connection, scale).run()
            if scale > 1:
                await connection.execute(SQL.claims.text)
                await connection.execute(SQL.terms.text)
            await connection.execute(SQL.treatments.text)
            if scale > 1:
                await connection.execute(SQL.doctors_patients.text)
            await connection.execute(SQL.messages.text)
    finally:
        await connection.close()
    await make_bills(owner_url, random.Random(SEED))


class _Seeder:
    def __init__(self, connection: asyncpg.Connection, scale: int) -> None:
        self.connection = connection
        self.rng = random.Random(SEED)
        self.now = datetime.now(ZONE).replace(second=0, microsecond=0)
        self.patients = PATIENTS * scale
        self.weeks_back = min(WEEKS_BACK * scale, MAX_WEEKS_BACK)
        weeks = self.weeks_back + WEEKS_AHEAD
        self.dentists = len(DENTISTS) * max(1, scale * (WEEKS_BACK + WEEKS_AHEAD) // weeks)

    async def run(self) -> None:
        """Copy everything, parents first."""
        await self.connection.execute(SQL.clinic.text)
        await self.connection.execute(SQL.hours.text)
        await self._copy("dcms_user", self._users())
        await self._copy_staff()
        await self._copy("service_catalog", self._services())
        await self._copy("chair", [{"chair_id": n, "name": name} for n, name in enumerate(CHAIRS, 1)])
        await self._copy_patients()
        await self._copy_appointments()
        await self.connection.execute(SQL.sequences.text)

    async def _copy(self, table: str, rows: list[dict[str, Any]]) -> None:
        columns = list(rows[0])
        await self.connection.copy_records_to_table(
            table, records=[tuple(row.values()) for row in rows], columns=columns
        )

    def _users(self) -> list[dict[str, Any]]:
        password_hash = Argon2(time_cost=2, memory_cost=19_456, parallelism=1).hash(PASSWORD)
        return [
            {
                "user_id": number,
                "username": user.username,
                "display_name": user.display_name,
                "roles": [user.username],
                "password_hash": password_hash,
            }
            for number, user in enumerate(USERS, 1)
        ]

    async def _copy_staff(self) -> None:
        people: list[tuple[str, str, str | None, str, bool]] = [
            (dentist.first_name, dentist.last_name, dentist.title, dentist.color, True)
            for dentist in (DENTISTS[n % len(DENTISTS)] for n in range(self.dentists))
        ]
        people += [(first, last, None, "#7f7f7f", False) for first, last in ASSISTANTS + FRONT_DESK]
        user_ids = {1: 3, self.dentists + 1: 4, self.dentists + len(ASSISTANTS) + 1: 5}
        await self._copy(
            "employee",
            [
                {
                    "employee_id": number,
                    "first_name": first,
                    "last_name": last,
                    "title": title,
                    "color": color,
                    "is_bookable": bookable,
                    "user_id": user_ids.get(number),
                    "hired_on": self.now.date() - timedelta(days=self.rng.randint(200, 5000)),
                }
                for number, (first, last, title, color, bookable) in enumerate(people, 1)
            ],
        )
        await self._copy(
            "position",
            [
                {"position_id": number, "name": name, "is_clinical": clinical}
                for number, (name, clinical) in enumerate(POSITIONS, 1)
            ],
        )
        kinds = [1] * self.dentists + [3] * len(ASSISTANTS) + [5] * len(FRONT_DESK)
        await self._copy(
            "employee_position",
            [{"employee_id": n, "position_id": kind, "is_primary": True} for n, kind in enumerate(kinds, 1)],
        )
        await self._copy(
            "working_hours",
            [
                {
                    "employee_id": number + 1,
                    "weekday": weekday,
                    "opens": datetime.strptime(opens, "%H:%M").time(),  # noqa: DTZ007
                    "closes": datetime.strptime(closes, "%H:%M").time(),  # noqa: DTZ007
                }
                for number in range(self.dentists)
                for weekdays, opens, closes in DENTISTS[number % len(DENTISTS)].hours
                for weekday in weekdays
            ],
        )

    def _services(self) -> list[dict[str, Any]]:
        return [
            {"service_id": number, "display_number": number * 10, **service._asdict()}
            for number, service in enumerate(SERVICES, 1)
        ]

    async def _copy_patients(self) -> None:
        patients = [self._patient(number) for number in range(1, self.patients + 1)]
        await self._copy("patient", patients)
        # every tenth shares a number with the one before: families do
        mobiles = [_mobile(number) for number in range(self.patients)]
        holds = [
            {
                "patient_id": number + 1,
                "e164": mobiles[number - 1 if number % 10 == 9 else number],
                "label": "mobile",
                "is_primary": True,
            }
            for number in range(self.patients)
        ]
        await self._copy(
            "phone_number",
            [
                {"e164": mobile, "national": f"0{mobile[3:6]} {mobile[6:]}", "region": "DE", "type": "mobile"}
                for mobile in mobiles
            ],
        )
        await self._copy("patient_phone", holds)

    def _patient(self, number: int) -> dict[str, Any]:
        gender = self.rng.choice(("female", "male"))
        first_name = self.rng.choice(names.FEMALE if gender == "female" else names.MALE)
        last_name = self.rng.choice(names.LAST)
        registered = self.now - timedelta(days=self.rng.randint(30, 3000), minutes=self.rng.randint(0, 1400))
        return {
            "patient_id": number,
            "user_id": 6 if number == 1 else None,
            "register_number": f"P{number:06d}",
            "first_name": first_name,
            "last_name": last_name,
            "birth_date": self.now.date() - timedelta(days=self.rng.randint(4 * 365, 92 * 365)),
            "gender": gender,
            "email": f"patient{number}@example.org" if self.rng.random() < 0.6 else None,
            "address": f"{self.rng.choice(names.STREETS)} {self.rng.randint(1, 120)}, 10115 Berlin",
            "alerts": self.rng.sample(names.ALERTS, 1) if self.rng.random() < 0.12 else [],
            "created_at": registered,
            "updated_at": registered,
        }

    async def _copy_appointments(self) -> None:
        monday = self.now.date() - timedelta(days=self.now.weekday(), weeks=self.weeks_back)
        days = [monday + timedelta(days=n) for n in range(7 * (self.weeks_back + WEEKS_AHEAD))]
        doctor_ids = range(1, self.dentists + 1)
        entries = list(diary(self.rng, self.now, days, doctor_ids, self.patients, ZONE))
        await self._copy("appointment", [self._appointment(n, entry) for n, entry in enumerate(entries, 1)])
        events = [event for n, entry in enumerate(entries, 1) for event in self._events(n, entry)]
        await self._copy("appointment_event", events)

    def _appointment(self, number: int, entry: Entry) -> dict[str, Any]:
        is_here = entry.status in ("came", "finished")
        booked_at = min(entry.starts_at - timedelta(days=self.rng.randint(1, 40)), self.now - timedelta(hours=1))
        return {
            "appointment_id": number,
            "patient_id": entry.patient_id,
            "doctor_id": entry.doctor_id,
            "chair_id": entry.chair_id,
            "service_ids": entry.service_ids,
            "starts_at": entry.starts_at,
            "ends_at": entry.ends_at,
            "status": entry.status,
            "cancel_reason": entry.cancel_reason,
            "confirmed_at": booked_at + timedelta(minutes=30) if entry.status == "confirmed" else None,
            "checked_in_at": entry.starts_at - timedelta(minutes=5) if is_here else None,
            "finished_at": entry.ends_at if entry.status == "finished" else None,
            "cancelled_at": booked_at + timedelta(minutes=45) if entry.status == "cancelled" else None,
            "cancelled_by": "patient" if entry.status == "cancelled" else None,
            "created_by": 5,
            "created_at": booked_at,
            "updated_at": booked_at,
        }

    def _events(self, number: int, entry: Entry) -> list[dict[str, Any]]:
        steps = {
            "booked": [],
            "confirmed": [("confirm", "confirmed")],
            "came": [("check_in", "came")],
            "finished": [("check_in", "came"), ("finish", "finished")],
            "cancelled": [("cancel", "cancelled")],
            "no_show": [("no_show", "no_show")],
        }[entry.status]
        events: list[dict[str, Any]] = []
        before = None
        for action, status in [("book", "booked"), *steps]:
            events.append(
                {
                    "appointment_id": number,
                    "at": min(entry.starts_at, self.now) - timedelta(hours=3) + timedelta(minutes=len(events)),
                    "actor_id": 5,
                    "action": action,
                    "from_status": before,
                    "to_status": status,
                }
            )
            before = status
        return events


def _mobile(number: int) -> str:
    """A possible German mobile number."""
    return f"+49151{20_000_000 + number * 7:08d}"
