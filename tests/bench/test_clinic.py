"""The clinic that the bench fills keeps every rule of the database, and its statements can be counted."""

import os
from collections.abc import Iterator

import asyncpg
import pytest

from bench.clinic import Clinic, doctors_for, make_clinic
from bench.growth.__main__ import growth
from bench.growth.pages import pages_touched
from bench.growth.statements import hot_statements
from dcms.access.watch import ClinicFacts
from dcms.database.codecs import set_codecs
from dcms.database.pool import PLANNER_SETTINGS
from tests.databases import drop_database, running_cluster

APPOINTMENTS = 1200
# what PostgreSQL plans for the values at hand before it compares
TRIED_BEFORE_ONE_PLAN = 5


@pytest.fixture(scope="module")
def clinic() -> Iterator[Clinic]:
    """A small one, made the way large ones are."""
    made = make_clinic(running_cluster(), f"test_{os.getpid()}_bench", APPOINTMENTS)
    yield made
    drop_database(running_cluster(), made.owner_url)


async def test_what_was_loaded_without_triggers_is_what_they_would_have_made(clinic: Clinic) -> None:
    connection = await asyncpg.connect(clinic.owner_url)
    try:
        claims = await connection.fetchrow(
            """
            select
                count(*) filter (where status not in ('cancelled', 'no_show') and claims <> 3) as missing,
                count(*) filter (where status in ('cancelled', 'no_show') and claims <> 0) as surplus
            from appointment
            cross join lateral (
                select count(*) as claims
                from appointment_claim
                where appointment_claim.appointment_id = appointment.appointment_id
            ) as claim
            where appointment_id >= $1
            """,
            clinic.first_appointment,
        )
        terms = await connection.fetchval(
            "select array_agg(term order by term) from patient_term where patient_id = $1", clinic.first_patient
        )
        appointments = await connection.fetchval(
            "select count(*) from appointment where appointment_id >= $1", clinic.first_appointment
        )
        unvalidated = await connection.fetchval("select count(*) from pg_constraint where not convalidated")
        overlap = await connection.fetchval(
            "select count(*) from pg_constraint where conname = 'appointment_claim_no_overlap'"
        )
    finally:
        await connection.close()

    assert claims is not None
    assert dict(claims) == {"missing": 0, "surplus": 0}
    assert {"r:b00000001", "p:4916000000001", "s:1000000006194"} <= set(terms)
    assert appointments == APPOINTMENTS
    assert (unvalidated, overlap) == (0, 1)


async def test_every_hot_statement_is_counted_and_leaves_nothing(clinic: Clinic) -> None:
    connection = await asyncpg.connect(clinic.owner_url)
    try:
        before = await connection.fetchval("select count(*) from appointment_event")
        counted = await pages_touched(clinic)
        after = await connection.fetchval("select count(*) from appointment_event")
    finally:
        await connection.close()

    assert counted.keys() == {each.name for each in hot_statements(clinic)}
    assert all(pages > 0 for pages in counted.values())
    # a booking writes a dozen tables and their indexes
    assert counted["appointments: book"] > counted["appointments: one by id"]
    assert before == after


async def test_hot_statements_are_planned_once_and_not_for_each_request(clinic: Clinic) -> None:
    planned_anew = set()
    connection = await asyncpg.connect(clinic.service_url, server_settings=PLANNER_SETTINGS)
    try:
        await set_codecs(connection, ClinicFacts())
        for each in hot_statements(clinic):
            statement = await connection.prepare(each.text)
            for _ in range(TRIED_BEFORE_ONE_PLAN + 3):
                running = connection.transaction()
                await running.start()
                await statement.fetch(*each.values)
                await running.rollback()
            plans = await connection.fetchval(
                "select max(custom_plans) from pg_prepared_statements where statement = $1", each.text
            )
            if plans > TRIED_BEFORE_ONE_PLAN:
                planned_anew.add(each.name)
    finally:
        await connection.close()

    assert planned_anew == set()


def test_a_practice_grows_in_doctors_and_in_years() -> None:
    assert [doctors_for(size) for size in (1000, 10_000, 1_000_000, 10_000_000)] == [20, 20, 200, 632]


def test_a_few_pages_more_are_no_growth() -> None:
    assert growth(4, 12) == 1
    assert growth(100, 151) == 1.51
