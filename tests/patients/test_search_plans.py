"""What a search reads among very many patients: indexes, and only so much of them.

20,000 patients in the normal run; DCMS_TEST_PATIENTS=1000000 makes it a million.
"""

import os
import random
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from dcms.access.watch import ClinicFacts
from dcms.database.codecs import set_codecs
from dcms.database.pool import SERVER_SETTINGS
from dcms.patients.repository import SQL
from dcms.patients.search import parts_of
from tests.databases import drop_database, fresh_database, running_cluster

PATIENTS = int(os.environ.get("DCMS_TEST_PATIENTS", "20000"))
SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvw" for vowel in "aeiou"]
INDEX_SCANS = {"Index Scan", "Index Only Scan", "Bitmap Index Scan", "Bitmap Heap Scan"}
# nobody here has been at the dentist's
EMPTY = ("appointment", "treatment")
# of 8 KiB, from memory or not: the points of 1,000 to 2,000 patients take most of them
MOST_BLOCKS = 60_000


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Patients whose names are spread as names are: few are common, most are rare."""
    rnd = random.Random(1)

    def names(count: int, lengths: list[int]) -> list[str]:
        return ["".join(rnd.choices(SYLLABLES, k=rnd.choice(lengths))).capitalize() for _ in range(count)]

    first_names, last_names = ["Anna", *names(3000, [2, 2, 3])], ["Müller", *names(60_000, [2, 3, 3, 4])]
    for number in range(PATIENTS):
        first_name = first_names[int(len(first_names) ** rnd.random()) - 1]
        last_name = last_names[int(len(last_names) ** rnd.random()) - 1]
        yield f"X{number:07}", first_name, last_name, f"{first_name}.{number}@example.org".lower()


@pytest.fixture(scope="module")
async def crowd(template: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a clinic with very many patients, as the service would have one."""
    url = fresh_database(running_cluster(), template)
    connection = await asyncpg.connect(url, server_settings={**SERVER_SETTINGS, "statement_timeout": "0"})
    await connection.execute("select set_config('dcms.context', '{}', false)")
    await connection.execute(
        "alter table patient disable trigger audit; alter table patient_phone disable trigger audit"
    )
    columns = ["register_number", "first_name", "last_name", "email"]
    await connection.copy_records_to_table("patient", records=rows(), columns=columns)
    await connection.execute(
        """
        insert into phone_number (e164, national, region, type)
        select '+4915' || number, '015' || number, 'DE', 'mobile'
        from generate_series(10000000, 9999999 + $1::integer) as number
        """,
        PATIENTS,
    )
    await connection.execute(
        """
        insert into patient_phone (patient_id, e164, is_primary)
        select patient_id, '+4915' || (9999999 + patient_id), true
        from patient
        """
    )
    await connection.execute("vacuum analyze")
    await set_codecs(connection, ClinicFacts())
    yield connection
    await connection.close()
    drop_database(running_cluster(), url)


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize(
    "query",
    [
        "mu",
        "ma mu",
        "anna",
        "anna muller",
        "mulelr",
        "bodukala",
        "x0000012",
        "0151",
        "anna 0151",
        "4915",
        "0034",
        "anna 0034",
        "a@example.org",
        "x ma",
    ],
)
async def test_a_search_reads_indexes_and_not_much_of_them(crowd: asyncpg.Connection, query: str, mode: str) -> None:
    values = SQL.search.bind(
        {
            "parts": parts_of(query, "DE"),
            "status": ["active", "archived"],
            "born": None,
            "doctor_id": None,
            "after_score": None,
            "after_id": None,
            "limit": 51,
        }
    )
    await crowd.execute(f"set plan_cache_mode = {mode}")

    plan = (await crowd.fetchval(f"explain (analyze, buffers, format json) {SQL.search.text}", *values))[0]

    tables = [node for node in nodes(plan["Plan"]) if node.get("Relation Name") not in (None, *EMPTY)]
    scans = {(node["Relation Name"], node["Node Type"]) for node in tables}
    assert {relation for relation, _ in scans} >= {"patient", "patient_term"}
    assert {kind for _, kind in scans} <= INDEX_SCANS, scans
    blocks = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
    print(f"{query!r:20} {mode:20} {plan['Execution Time']:8.1f} ms {blocks:7} blocks")  # noqa: T201
    assert blocks < MOST_BLOCKS


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan."""
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)
