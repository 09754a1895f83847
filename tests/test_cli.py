"""The command line."""

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import psycopg
import pytest

from tests.databases import drop_database, running_cluster
from tests.processes import environment


def dcms(*arguments: str, env: dict[str, str], stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
    """Run a command."""
    return subprocess.run(
        [sys.executable, "-m", "dcms", *arguments],
        env=env,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_production_without_its_secrets_is_refused_in_words(command: str) -> None:
    done = dcms(command, env={"PATH": "/usr/bin:/bin"})

    assert done.returncode == 2
    assert "DATABASE_URL is not set" in done.stderr
    assert "DCMS_JWT_KEYS is not set" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command, variable",
    [(("outbox", "list"), "DATABASE_URL"), (("migrate",), "DCMS_OWNER_DATABASE_URL")],
)
def test_commands_look_for_their_secrets_in_files_too(command: tuple[str, ...], variable: str, tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://127.0.0.1:1/dcms\n")
    env = {"PATH": "/usr/bin:/bin", f"{variable}_FILE": str(file)}

    refused = dcms(*command, env={**env, variable: "postgresql://127.0.0.1:1/dcms"})
    tried = dcms(*command, env=env)

    assert refused.returncode == 2
    assert f"{variable} and {variable}_FILE are both set" in refused.stderr
    assert tried.returncode == 1
    assert "is not set" not in tried.stderr


def test_an_installation_from_nothing_to_the_first_login(tmp_path: Path) -> None:
    cluster = running_cluster()
    url = cluster.url("installed")
    drop_database(cluster, url)
    with psycopg.connect(cluster.url(), autocommit=True) as owner:
        owner.execute("create database installed template template0")
    env = environment(url)
    try:
        before = dcms("doctor", env=env)
        migrated = dcms("migrate", env=env)
        again = dcms("migrate", env=env)
        without_admin = dcms("doctor", env=env)
        weak = dcms("admin", "create", "anna", env=env, stdin="anna\n")
        made = dcms("admin", "create", "anna", env=env, stdin="seven green horses\n")
        twice = dcms("admin", "create", "anna", env=env, stdin="seven green horses\n")
        after = dcms("doctor", env=env)
        # an old machine, on which the clinic's zone has other rules than in the database
        (tmp_path / "UTC").write_bytes((files("tzdata") / "zoneinfo" / "Asia" / "Kathmandu").read_bytes())
        elsewhere = dcms("doctor", env=env | {"PYTHONTZPATH": str(tmp_path)})
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute(
                "insert into outbox (kind, payload, attempts, failed_at, error_code) "
                "values ('sms.send', '{}', 8, now(), 'provider_down')"
            )
        failed = dcms("outbox", "list", env=env)
        retried = dcms("outbox", "retry", env=env)
        none_left = dcms("outbox", "list", env=env)
        undone = dcms("rollback", env=env)
    finally:
        drop_database(cluster, url)

    assert (before.returncode, "run `dcms migrate`" in before.stdout) == (1, True), before.stdout
    assert (migrated.returncode, "0001.foundation" in migrated.stdout) == (0, True), migrated.stderr
    assert again.stdout == "the database is up to date\n"
    assert "run `dcms admin create NAME`" in without_admin.stdout
    assert (weak.returncode, "Traceback" in weak.stderr) == (1, False), weak.stderr
    assert made.returncode == 0, made.stderr
    assert (twice.returncode, "Traceback" in twice.stderr) == (1, False), twice.stderr
    assert (after.returncode, "All is well." in after.stdout) == (0, True), after.stdout
    assert (elsewhere.returncode, "BAD  time zone: UTC on " in elsewhere.stdout) == (1, True), elsewhere.stdout
    assert "after 8 attempts: provider_down" in failed.stdout, failed.stderr
    assert retried.stdout == "1 put back\n", retried.stderr
    assert none_left.stdout == "no job was given up\n"
    assert undone.stdout.startswith("taken back: ")


def test_the_openapi_document_needs_no_settings() -> None:
    done = dcms("openapi", env={"PATH": "/usr/bin:/bin"})

    assert done.returncode == 0, done.stderr
    assert '"openapi": "3.1.0"' in done.stdout
