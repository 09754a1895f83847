"""Runs of `dcms import` as processes: killed, at once, on a terminal."""

import asyncio
import csv
import os
import pty
import subprocess
import sys
import termios
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import make
from tests.api import Api
from tests.imports.files import ANNA, MAPPINGS, VISIT, text_of
from tests.processes import environment

ROWS = int(os.environ.get("DCMS_IMPORT_ROWS", "2000"))
TIMEOUT_S = 300 + ROWS // 20
# what of a clinic a file decides: all but the numbers that the database gives
PATIENT_CONTENT = """
    select
        import_row.source_id, encode(import_row.digest, 'hex'), register_number, first_name, last_name, birth_date,
        gender, address, alerts,
        array(select row(e164, label, is_primary)::text from patient_phone where patient_id = entity_id order by 1),
        array(select term from patient_term where patient_id = entity_id order by 1),
        (
            select count(*) from audit_log
            where entity = 'patient' and audit_log.entity_id = import_row.entity_id and action = 'create'
        )
    from import_row
    left join patient on patient.patient_id = import_row.entity_id
    where kind = 'patient'
    order by 1
"""
APPOINTMENT_CONTENT = """
    select
        import_row.source_id, encode(import_row.digest, 'hex'), starts_at, ends_at, status, doctor_id,
        (select source_id from import_row where kind = 'patient' and entity_id = patient_id),
        array(
            select row(resource_kind, during)::text from appointment_claim
            where appointment_id = entity_id order by 1
        ),
        array(
            select row(action, from_status, to_status, actor_id)::text from appointment_event
            where appointment_id = entity_id order by 1
        )
    from import_row
    left join appointment on appointment.appointment_id = import_row.entity_id
    where kind = 'appointment'
    order by 1
"""


def patient_rows() -> list[dict[str, str]]:
    """Good rows, rows that break a rule, numbers given twice and phones that are shared."""
    return [
        {
            **ANNA,
            "No": f"old-{number}",
            "Surname": f"Meier {number % 97}",
            "Born": "?" if number % 50 == 7 else f"{number % 28 + 1:02}.0{number % 9 + 1}.1980",
            "Register": f"R{number - 1 if number % 100 == 1 else number}",
            "Mobile": f"0171 {2_000_000 + number // 3}",
            "Warnings": "latex" if number % 10 == 0 else "",
        }
        for number in range(ROWS)
    ]


def appointment_rows() -> list[dict[str, str]]:
    """A doctor's old diary, in which one in forty overlaps the one before and some name nobody."""
    return [
        {
            **VISIT,
            "No": f"visit-{number}",
            "Patient": f"old-{number * 7 % ROWS}",
            "Date": f"{date(2015, 1, 1) + timedelta(days=number // 16):%d.%m.%Y}",
            "From": f"{8 + number % 16 // 2:02}:{'15' if number % 40 == 39 else '30' if number % 2 else '00'}",
            "State": ("done", "no_show", "cancelled", "came")[number % 11 % 4],
        }
        for number in range(ROWS)
    ]


class Command:
    """`dcms import` of a file on a database."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url

    def start(self, kind: str, rows: list[dict[str, str]], *options: str, **streams: Any) -> "subprocess.Popen[bytes]":
        """Begin a run."""
        file, mapping = self.folder / f"{kind}s.csv", self.folder / f"{kind}s.toml"
        file.write_text(text_of(kind, rows))  # type: ignore[arg-type]
        mapping.write_text(MAPPINGS[kind])  # type: ignore[index]
        command = [sys.executable, "-m", "dcms", "import", f"{kind}s", str(file)]
        command += ["--mapping", str(mapping), "--as", "admin", "--batch", "50", *options]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
        return subprocess.Popen(command, env=environment(self.url), **streams)

    def run(self, kind: str, rows: list[dict[str, str]], *options: str) -> tuple[int, str, str]:
        """A whole run: its exit code, report and summary."""
        return ended(self.start(kind, rows, *options))


def ended(process: "subprocess.Popen[bytes]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=TIMEOUT_S)
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
async def command(api: Api, tmp_path: Path) -> Command:
    """Runs on the test's clinic, which has a doctor."""
    await make.doctor(api)
    return Command(tmp_path, api.owner_url)


async def rows_in(api: Api) -> int:
    count: int = await api.owner.fetchval("select count(*) from import_row")
    return count


async def kill_half_way(api: Api, process: "subprocess.Popen[bytes]", wanted: int) -> int:
    """Kill a run when so many rows are in; how many were."""
    while await rows_in(api) < wanted:
        assert process.poll() is None, ended(process)
        await asyncio.sleep(0.01)
    process.kill()
    await asyncio.to_thread(process.communicate)
    return await rows_in(api)


async def content(api: Api) -> list[list[tuple[Any, ...]]]:
    return [
        [tuple(row) for row in await api.owner.fetch(statement)] for statement in (PATIENT_CONTENT, APPOINTMENT_CONTENT)
    ]


async def counts(api: Api) -> dict[str, int]:
    tables = ("patient", "patient_phone", "phone_number", "appointment", "appointment_claim", "appointment_event")
    return {table: await api.owner.fetchval(f"select count(*) from {table}") for table in tables}


async def test_a_run_killed_and_started_again_gives_the_clinic_of_one_run(api: Api, command: Command) -> None:
    cases = (("patient", patient_rows()), ("appointment", appointment_rows()))
    killed = []
    for kind, rows in cases:
        before = await rows_in(api)
        killed += [
            await kill_half_way(api, command.start(kind, rows), before + wanted) - before
            for wanted in (ROWS // 4, ROWS // 2)
        ]
        code, report, _ = await asyncio.to_thread(command.run, kind, rows)
        assert code == 1, report
    resumed = (await counts(api), await content(api))
    again = [await asyncio.to_thread(command.run, kind, rows) for kind, rows in cases]
    unchanged = await counts(api)
    await api.owner.execute(
        "truncate patient, phone_number, patient_phone, patient_term, appointment, appointment_claim, "
        "appointment_event, import_row, audit_log cascade"
    )
    clean = [await asyncio.to_thread(command.run, kind, rows) for kind, rows in cases]

    assert all(0 < rows < ROWS for rows in killed), killed
    assert resumed[0] == await counts(api) == unchanged
    assert resumed[1] == await content(api)
    assert [code for code, _, _ in clean] == [1, 1]
    # appointments are named by ids that differ
    assert refused(again[0][1]) == refused(clean[0][1])
    assert [(row, code) for row, code, _ in refused(again[1][1])] == [
        (row, code) for row, code, _ in refused(clean[1][1])
    ]
    assert {code for _, code, _ in refused(clean[0][1])} == {"invalid_request", "duplicate"}
    assert {code for _, code, _ in refused(clean[1][1])} == {"unknown_reference", "appointment_overlap"}


def refused(report: str) -> list[tuple[str, str, str]]:
    return [(line["row"], line["code"], line["message"]) for line in csv.DictReader(report.splitlines())]


def without_messages(report: str) -> list[tuple[str, str]]:
    return [(row, code) for row, code, _ in refused(report)]


async def test_two_runs_at_once_take_every_row_once(api: Api, command: Command) -> None:
    patients = [row for row in patient_rows() if row["Born"] != "?"][: ROWS // 4]
    visits = [{**row, "Patient": patients[2]["No"]} for row in appointment_rows()[: ROWS // 4]]
    for kind, rows in (("patient", patients), ("appointment", visits)):
        both = [command.start(kind, rows) for _ in range(2)]
        done = [await asyncio.to_thread(ended, process) for process in both]

        assert [code for code, _, _ in done] == [1, 1], done
        assert refused(done[0][1]) == refused(done[1][1])
    patients_made = await api.owner.fetchval("select count(*) from patient")
    linked = await api.owner.fetchval(
        "select count(*) from import_row join patient on patient_id = entity_id where kind = 'patient'"
    )

    assert patients_made == linked == ROWS // 4 - len(refused_numbers(patients))
    assert await api.owner.fetchval("select count(*) from appointment") == await api.owner.fetchval(
        "select count(*) from import_row where kind = 'appointment'"
    )


def refused_numbers(rows: list[dict[str, str]]) -> list[str]:
    numbers = [row["Register"] for row in rows]
    return [number for place, number in enumerate(numbers) if number in numbers[:place]]


async def test_exit_codes_and_what_is_said(api: Api, command: Command) -> None:
    good = await asyncio.to_thread(command.run, "patient", [ANNA])
    again = await asyncio.to_thread(command.run, "patient", [ANNA, {**ANNA, "No": "2", "Surname": ""}])
    usage = await asyncio.to_thread(command.run, "patient", [ANNA], "--as", "nobody")
    batch = await asyncio.to_thread(command.run, "patient", [ANNA], "--batch", "0")
    rehearsed = await asyncio.to_thread(command.run, "patient", [{**ANNA, "No": "3"}], "--dry-run")
    command.url = "postgresql://postgres@/nowhere?host=/nowhere"
    away = await asyncio.to_thread(command.run, "patient", [ANNA])
    file = command.folder / "patients.csv"

    assert good == (
        0,
        "row,source_id,code,field,message\r\n",
        f"{file}: 1 went in, 0 were in, 0 changed since, 0 refused\n",
    )
    assert again[0] == 1
    assert again[1].splitlines()[1] == "3,2,invalid_request,last_name,is required"
    assert again[2] == f"{file}: 0 went in, 1 were in, 0 changed since, 1 refused\n"
    assert (usage[0], usage[2]) == (2, "there is no active user nobody\n")
    assert batch[0] == 2
    assert rehearsed[2] == f"{file}: 1 would go in, 0 were in, 0 changed since, 0 refused\n"
    assert away[0] == 3
    assert "start it again, it goes on from there" in away[2]
    assert "Traceback" not in away[2]


async def test_a_run_whose_database_goes_away_goes_on_when_it_is_started_again(api: Api, command: Command) -> None:
    rows = patient_rows()
    process = command.start("patient", rows)
    while await rows_in(api) < ROWS // 4:
        assert process.poll() is None, ended(process)
        await asyncio.sleep(0.01)
    # an idle connection is only replaced: it has to be in the middle of a batch
    while process.poll() is None:
        await api.owner.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
            "and state = 'active' and query ~ 'import_row' and pid <> pg_backend_pid()"
        )
        await asyncio.sleep(0.001)
    broken, _, said = await asyncio.to_thread(ended, process)
    before = await rows_in(api)
    code, report, summary = await asyncio.to_thread(command.run, "patient", rows)
    added = await api.owner.fetchval("select count(*) from patient")

    assert (broken, code) == (3, 1), said
    assert 0 < before < added == await rows_in(api) == ROWS - len(refused(report))
    assert f"{added - before} went in, {before} were in" in summary


async def test_progress_is_shown_on_a_terminal(command: Command) -> None:
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 120))
    process = command.start("patient", patient_rows()[:500], stderr=slave)
    os.close(slave)
    shown = await asyncio.to_thread(read_all, master)
    await asyncio.to_thread(process.communicate)

    assert "patients.csv: 100%" in shown
    assert "500 rows, 15 refused" in shown


def read_all(terminal: int) -> str:
    parts = []
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # how a terminal says that nobody writes any more
            break
        if not part:
            break
        parts.append(part)
    os.close(terminal)
    return b"".join(parts).decode()
