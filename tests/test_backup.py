"""dcms backup and dcms restore."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psycopg
import pytest

from dcms.backup import BackupError, backup, manifest_of, restore
from dcms.demo.seed import seed
from tests.databases import drop_database, running_cluster


@pytest.fixture
def empty_database() -> Iterator[str]:
    """A database without tables."""
    cluster = running_cluster()
    url = cluster.url("restored")
    drop_database(cluster, url)
    with psycopg.connect(cluster.url(), autocommit=True) as owner:
        owner.execute("create database restored template template0")
    yield url
    drop_database(cluster, url)


async def test_a_restored_clinic_is_the_same(database_url: str, empty_database: str, tmp_path: Path) -> None:
    await asyncio.to_thread(seed, database_url)
    file = tmp_path / "clinic.dump"

    made = backup(database_url, file)
    restored = restore(empty_database, file)

    rows = {table.name: table.rows for table in made.tables}
    assert rows["patient"] == 500
    assert rows["audit_log"] > 500
    assert restored == made
    connection = await asyncpg.connect(empty_database)
    assert await connection.fetchval("select count(*) from appointment_claim") == rows["appointment_claim"]
    with pytest.raises(asyncpg.ExclusionViolationError):
        await connection.execute(
            "insert into appointment_claim select appointment_id + 1, 'doctor', resource_id, during, layer "
            "from appointment_claim where resource_kind = 'doctor' limit 1 "
            "on conflict (appointment_id, resource_kind) do update "
            "set resource_id = excluded.resource_id, during = excluded.during"
        )
    await connection.close()


def test_a_database_with_tables_is_not_touched(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "clinic.dump"
    backup(database_url, file)

    with pytest.raises(BackupError, match="not empty"):
        restore(database_url, file)
    with pytest.raises(BackupError, match="there already"):
        backup(database_url, file)


def test_a_changed_backup_is_named(database_url: str, empty_database: str, tmp_path: Path) -> None:
    file = tmp_path / "clinic.dump"
    backup(database_url, file)
    text = (
        manifest_of(file)
        .read_text()
        .replace('"name": "clinic",\n      "rows": 1', '"name": "clinic",\n      "rows": 2')
    )
    manifest_of(file).write_text(text)

    with pytest.raises(BackupError, match=r"differ from the backup: clinic$"):
        restore(empty_database, file)
