"""GET /patients/export.csv."""

import csv
import io
from typing import Any

import httpx
import pytest

from dcms.export.rows import header, lines
from dcms.patients.structs import Patient
from tests import make
from tests.api import Api, bad_fields, problem

PATH = "/patients/export.csv"
FIELDS = list(Patient.__struct_fields__)


def read(answer: httpx.Response) -> list[dict[str, str]]:
    """The rows of a file, by its first line."""
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


def cells(listed: dict[str, Any]) -> dict[str, str]:
    """A patient of a list as the file has him."""
    return {
        name: "" if value is None else "; ".join(value) if isinstance(value, list) else str(value)
        for name, value in listed.items()
    }


async def test_the_file_is_the_list(api: Api) -> None:
    await make.settings(api, timezone="Europe/Berlin")
    for number in range(3):
        await make.patient(api, last_name=f"Müller {number}", phone_numbers=[{"number": f"+49171234567{number}"}])
    await make.patient(
        api,
        first_name='An"na',
        address="Hauptstr. 1,\n12345 Ort",
        note="a, b",
        birth_date="1990-05-17",
        alerts=["latex", "penicillin"],
    )

    answer = await api.admin.get(PATH)

    listed = (await api.admin.get("/patients")).json()["items"]
    assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
    assert answer.headers["content-disposition"] == 'attachment; filename="patients.csv"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(",".join(FIELDS).encode() + b"\r\n")
    assert answer.content.endswith(b"\r\n")
    assert read(answer) == [cells(each) for each in listed]
    assert b'"An""na"' in answer.content
    assert b'"Hauptstr. 1,\n12345 Ort"' in answer.content
    assert b",+491712345670," in answer.content


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(first: str) -> None:
    given = dict.fromkeys(FIELDS) | {
        "note": f"{first}1+1",
        "alerts": [f"{first}2", "x"],
        "primary_phone": "+491712345678",
    }

    written = (header() + lines([tuple(given.values())])).decode()

    row = next(csv.DictReader(io.StringIO(written, newline="")))
    assert (row["note"], row["alerts"]) == (f"'{first}1+1", f"'{first}2; x")
    assert row["primary_phone"] == "+491712345678"


async def test_the_filters_are_the_lists(api: Api) -> None:
    doctor_id = await make.doctor(api)
    first = (await make.patient(api, last_name="Schmidt", birth_date="1990-05-17"))["patient_id"]
    second = (await make.patient(api, last_name="Schulze"))["patient_id"]
    merged = (await make.patient(api, last_name="Schmidt"))["patient_id"]
    await make.appointment(api, patient_id=second, doctor_id=doctor_id)
    await api.admin.post(f"/patients/{second}/archive?cancel_future=false")
    await api.admin.post(f"/patients/{first}/merge", json={"source_patient_id": merged})

    queries: list[dict[str, Any]] = [
        {},
        {"query": "schmi"},
        {"query": "schm", "born": "1990-05-17"},
        {"status": ["merged"]},
        {"status": ["active", "merged"]},
        {"born": "1990-05-17"},
        {"doctor_id": doctor_id},
        {"query": "schul", "doctor_id": doctor_id},
        {"query": "nobody"},
    ]
    for query in queries:
        answer = await api.admin.get(PATH, params=query)
        listed = (await api.admin.get("/patients", params=query)).json()["items"]
        assert [row["patient_id"] for row in read(answer)] == [str(each["patient_id"]) for each in listed], query


async def test_bad_filters_are_named(api: Api) -> None:
    answer = await api.admin.get(PATH, params={"status": "gone", "born": "x", "doctor_id": "0", "limit": "5"})

    assert bad_fields(answer) == {"status", "born", "doctor_id", "limit"}


async def test_only_admins_may(api: Api) -> None:
    for client in (api.manager, api.doctor, api.assistant, api.receptionist, api.patient):
        problem(await client.get(PATH), 403, "forbidden")
    problem(await api.anonymous.get(PATH), 401, "unauthenticated")
    assert await api.audited(action="export") == []


async def test_the_audit_log_knows_who_exported_what(api: Api) -> None:
    await api.admin.get(PATH, params={"query": "anna", "status": "active"})

    (entry,) = await api.audited(action="export")
    assert (entry["actor_id"], entry["entity"]) == (api.user_ids["admin"], "patient")
    assert entry["after"] == {"query": "anna", "status": ["active"]}


async def test_head_answers_without_a_body(api: Api) -> None:
    answer = await api.admin.head(PATH)

    assert (answer.status_code, answer.content) == (200, b"")
