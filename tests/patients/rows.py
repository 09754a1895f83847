"""Appointments in times and states that requests would not bring about."""

from datetime import UTC, datetime, timedelta

import asyncpg

from tests import make
from tests.api import Api


async def appointment(
    api: Api,
    patient_id: int,
    starts_in_h: float,
    status: str = "booked",
    *,
    doctor_id: int | None = None,
    connection: asyncpg.Connection | None = None,
) -> int:
    """An appointment of half an hour; its doctor is a new one unless named."""
    doctor_id = doctor_id or await make.doctor(api)
    starts_at = datetime.now(UTC) + timedelta(hours=starts_in_h)
    appointment_id: int = await (connection or api.owner).fetchval(
        """
        insert into appointment (patient_id, doctor_id, starts_at, ends_at, status)
        values ($1, $2, $3::timestamptz, $3::timestamptz + interval '30 minutes', $4)
        returning appointment_id
        """,
        patient_id,
        doctor_id,
        starts_at,
        status,
    )
    return appointment_id
