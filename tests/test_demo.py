"""The demo clinic."""

import asyncio

import asyncpg
import pytest

from dcms.demo.seed import is_empty, seed


@pytest.mark.parametrize("scale", [1, 2])
async def test_a_seeded_clinic_is_consistent(database_url: str, scale: int) -> None:
    before = await asyncio.to_thread(is_empty, database_url)
    await asyncio.to_thread(seed, database_url, scale)
    connection = await asyncpg.connect(database_url)

    assert before
    assert not await asyncio.to_thread(is_empty, database_url)
    assert await connection.fetchval("select count(*) from patient") == 500 * scale
    assert await connection.fetchval("select count(*) from service_catalog") == 20
    assert await connection.fetchval("select count(distinct status) from appointment") >= 5
    # what triggers keep is there, also where a large clinic was loaded without them
    assert await connection.fetchval(
        "select count(*) from appointment where status not in ('cancelled', 'no_show')"
    ) == await connection.fetchval("select count(*) from appointment_claim where resource_kind = 'doctor'")
    assert not await connection.fetchval(
        "select exists (select from patient where not exists "
        "(select from patient_term where patient_term.patient_id = patient.patient_id and term like 'n:%'))"
    )
    assert await connection.fetchval("select count(*) from invoice where status = 'paid'") > 50
    assert await connection.fetchval("select count(*) from treatment_item_tooth") > 100
    await connection.close()
