"""Migrations go up, down and up again, and neither crowds nor kills leave a database in between."""

import hashlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from dcms.database.migrate import migrate, rollback, status
from dcms.paths import MIGRATIONS_DIR
from tests.databases import bin_dir, drop_database, fresh_database, running_cluster

UP_FILES = sorted(path for path in MIGRATIONS_DIR.glob("*.sql") if not path.name.endswith(".rollback.sql"))
PROGRAM = "import sys, pathlib, dcms.database.migrate as m; print(*m.migrate(sys.argv[1], pathlib.Path(sys.argv[2])))"


@pytest.fixture
def empty() -> Iterator[str]:
    url = fresh_database(running_cluster(), "template0")
    yield url
    drop_database(running_cluster(), url)


def write(folder: Path, name: str, up: str, down: str = "") -> None:
    (folder / f"{name}.sql").write_text(up)
    (folder / f"{name}.rollback.sql").write_text(down)


def start(url: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", PROGRAM, url, str(folder)], stdout=subprocess.PIPE, text=True)


def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as session:
        return session.execute(statement.encode()).fetchall()


def wait_until_true(url: str, statement: str) -> None:
    deadline = time.monotonic() + 20
    while ask(url, statement) != [(True,)]:
        assert time.monotonic() < deadline, f"never came true: {statement}"
        time.sleep(0.05)


def schema(url: str) -> str:
    dump = [str(bin_dir() / "pg_dump"), "--schema-only", "--no-owner", "--exclude-table=*yoyo*", url]
    text = subprocess.run(dump, capture_output=True, text=True, check=True).stdout
    return re.sub(r"(?m)^\\(un)?restrict .*$", "", text)  # a new random word in every dump


def test_up_down_to_nothing_and_up_again_gives_the_same_schema(empty: str) -> None:
    nothing = schema(empty)
    applied = migrate(empty)
    first = schema(empty)
    undone = rollback(empty, len(applied))
    after_rollback = schema(empty)
    migrate(empty)

    assert applied == [path.stem for path in UP_FILES]
    assert undone == applied[::-1]
    assert after_rollback == nothing
    assert schema(empty) == first
    assert status(empty) == (applied, [])


def test_each_migration_alone_can_be_taken_back(empty: str) -> None:
    schemas = [schema(empty)]
    for _ in UP_FILES:
        migrate_one(empty)
        schemas.append(schema(empty))
    for expected in schemas[-2::-1]:
        rollback(empty)

        assert schema(empty) == expected


def test_every_migration_has_a_rollback_and_the_next_number() -> None:
    numbers = [path.name.split(".")[0] for path in UP_FILES]

    assert numbers == [f"{number:04}" for number in range(1, len(UP_FILES) + 1)]
    assert [path for path in UP_FILES if not path.with_suffix(".rollback.sql").exists()] == []


def test_a_landed_migration_is_never_edited() -> None:
    lines = (MIGRATIONS_DIR / "checksums.txt").read_text().splitlines()
    landed = {name: digest for digest, name in (line.split("  ") for line in lines)}
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in MIGRATIONS_DIR.glob("*.sql")}

    assert landed == files, "write a new migration instead; `make checksums` adds new files to migrations/checksums.txt"


def test_status_of_a_database_never_migrated_changes_nothing(empty: str) -> None:
    assert status(empty) == ([], [path.stem for path in UP_FILES])
    assert ask(empty, "select count(*) from pg_class where relname like '%yoyo%'") == [(0,)]


def test_a_migration_that_fails_leaves_nothing_and_is_tried_again(empty: str, tmp_path: Path) -> None:
    write(tmp_path, "0001.good", "create table good (id int);", "drop table good;")
    write(tmp_path, "0002.bad", "create table bad (id int); select 1 / 0;", "drop table bad;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty, tmp_path)
    between = (status(empty, tmp_path), ask(empty, "select to_regclass('good')::text, to_regclass('bad')::text"))
    write(tmp_path, "0002.bad", "create table bad (id int);", "drop table bad;")

    assert between == ((["0001.good"], ["0002.bad"]), [("good", None)])
    assert migrate(empty, tmp_path) == ["0002.bad"]


def test_bodies_with_dollars_percents_and_colons_arrive_as_they_are(empty: str, tmp_path: Path) -> None:
    body = (
        "create function f() returns text language plpgsql as $$ begin -- it's; :x\n return '50%;' || 1::text; end $$;"
    )
    write(tmp_path, "0001.function", f"-- Says: a % and a ;\n{body}\ncomment on function f() is 'a:b %s';")
    migrate(empty, tmp_path)

    assert ask(empty, "select f(), obj_description('f'::regproc)") == [("50%;1", "a:b %s")]


def test_an_index_can_be_made_concurrently_while_others_wait(empty: str, tmp_path: Path) -> None:
    write(tmp_path, "0001.table", "create table t (id int);", "drop table t;")
    write(
        tmp_path,
        "0002.index",
        "-- transactional: false\nselect pg_sleep(1);\ncreate index concurrently if not exists t_id on t (id);",
        "-- transactional: false\ndrop index concurrently if exists t_id;",
    )
    processes = [start(empty, tmp_path) for _ in range(2)]
    answers = sorted(process.communicate(timeout=30)[0].strip() for process in processes)

    assert answers == ["", "0001.table 0002.index"]
    assert ask(empty, "select indisvalid from pg_index where indexrelid = 't_id'::regclass") == [(True,)]


def test_six_at_once_apply_everything_once(empty: str, tmp_path: Path) -> None:
    for number in range(1, 6):
        write(tmp_path, f"000{number}.step", f"create table t{number} (id int); select pg_sleep(0.05);")
    processes = [start(empty, tmp_path) for _ in range(6)]
    answers = [process.communicate(timeout=60)[0].split() for process in processes]

    assert [process.returncode for process in processes] == [0] * 6
    assert sorted(answers, key=len) == [[]] * 5 + [[f"000{number}.step" for number in range(1, 6)]]


def test_one_killed_in_the_middle_of_a_migration_blocks_nobody(empty: str, tmp_path: Path) -> None:
    write(tmp_path, "0001.slow", "create table t (id int); select pg_sleep(600);")
    killed = start(empty, tmp_path)
    wait_until_true(empty, "select count(*) = 1 from pg_stat_activity where query = 'select pg_sleep(600);'")
    waiting = start(empty, tmp_path)
    (tmp_path / "0001.slow.sql").write_text("create table t (id int);")
    killed.kill()
    killed.communicate(timeout=10)
    next_one = start(empty, tmp_path)
    next_one.communicate(timeout=20)
    waiting.communicate(timeout=20)

    assert (waiting.returncode, next_one.returncode) == (0, 0)
    assert ask(empty, "select count(*) from t") == [(0,)]
    assert status(empty, tmp_path) == (["0001.slow"], [])


def test_of_several_hosts_the_living_writable_one_is_migrated(empty: str, tmp_path: Path) -> None:
    write(tmp_path, "0001.table", "create table t (id int);")
    parts = urlsplit(empty)
    several = f"postgresql://postgres@{parts.path}?host=/nowhere,{running_cluster().log_file.parent}&port=5432,5432"

    assert migrate(several, tmp_path) == ["0001.table"]
    assert status(empty, tmp_path) == (["0001.table"], [])


def migrate_one(url: str) -> None:
    done, pending = status(url)
    rest = pending[1:]
    migrate(url)
    rollback(url, len(rest))
    assert status(url)[0] == [*done, pending[0]]
