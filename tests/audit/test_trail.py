"""Which requests leave an entry, and that none is lost on its way to the database."""

import asyncio
from typing import Any

import asyncpg
import pytest

from dcms.access import trail as trails
from dcms.access.trail import AuditTrail, Note
from dcms.context import Context
from tests import make
from tests.api import Api, problem


def note(number: int, **context: Any) -> Note:
    """An entry to be."""
    return Note(Context(f"r{number}", **context), "read", "patient", number, number, None, None)


async def test_reading_a_record_is_one_entry_also_as_304_and_head(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    path = f"/patients/{patient_id}"
    etag = (await api.doctor.get(path)).headers["etag"]
    assert (await api.doctor.get(path, headers={"If-None-Match": etag})).status_code == 304
    assert (await api.doctor.head(path)).status_code == 200

    entries = await api.audited(action="read")

    assert [(entry["entity_id"], entry["patient_id"], entry["after"]) for entry in entries] == [
        (patient_id, patient_id, {"route": "GET /api/v1/patients/{patient_id}"})
    ] * 3


async def test_what_was_not_read_leaves_no_entry(api: Api) -> None:
    problem(await api.doctor.get("/patients/12345"), 404, "not_found")
    problem(await api.doctor.get("/patients?limit=0"), 400, "invalid_request")
    assert (await api.doctor.get("/clinic")).status_code == 200

    assert await api.audited(action="read") == []


async def test_every_403_is_a_denied_entry(api: Api) -> None:
    problem(await api.assistant.patch("/patients/7", json={}, headers={"X-Request-Id": "no"}), 403, "forbidden")

    entry = (await api.audited(action="denied"))[0]

    assert (entry["entity"], entry["entity_id"], entry["patient_id"]) == ("patient", 7, 7)
    assert (entry["actor_id"], entry["request_id"]) == (api.user_ids["assistant"], "no")
    assert entry["after"] == {"route": "PATCH /api/v1/patients/{patient_id}"}


@pytest.mark.parametrize(
    "method, path, entity, entity_id",
    [
        ("POST", "/auth/impersonate/7", "dcms_user", 7),
        ("GET", "/users/7/sessions", "dcms_user", 7),
        ("GET", "/auth/sessions/7", "session", 7),
        ("POST", "/patients/7/link_user/8", "patient", 7),
        ("PATCH", "/phone_numbers/7", "patient_phone", 7),
        ("DELETE", "/employee_phone_numbers/7", "employee_phone", 7),
        ("DELETE", "/employees/7/time_off/8", "employee", 7),
        ("GET", "/doctors/7/calendar", "employee", 7),
        ("PATCH", "/sms/templates/7", "sms_template", 7),
        ("GET", "/sms/batches/7", "sms_batch", 7),
        ("DELETE", "/sms/7", "sms", 7),
        ("GET", "/appointments/7/history", "appointment", 7),
        ("DELETE", "/treatment_items/7/teeth/36", "treatment_item", 7),
        ("PATCH", "/treatment_item_teeth/7", "treatment_item_tooth", 7),
        ("PATCH", "/teeth/definitions/36", "tooth_definition", 36),
        ("GET", "/audit/logs", "audit_log", None),
        ("GET", "/calendar/day", "appointment", None),
        ("POST", "/auth/reset_password", "dcms_user", None),
    ],
)
async def test_a_denial_names_the_table_of_its_id(
    api: Api, method: str, path: str, entity: str, entity_id: int | None
) -> None:
    await api.owner.execute("update dcms_user set must_change_password = true where username = 'patient'")
    user_id, session_id = api.user_ids["patient"], api.session_ids["patient"]
    client = api.client(api.token(user_id, session_id, ["patient"], must_change_password=True))
    problem(await client.request(method, path), 403, "password_change_required")

    (entry,) = await api.audited(action="denied")

    assert (entry["entity"], entry["entity_id"]) == (entity, entity_id)


@pytest.mark.parametrize("number", [2**80, -(2**80), 0])
async def test_a_denial_of_an_id_that_no_row_can_have_is_kept_and_holds_up_nothing(api: Api, number: int) -> None:
    problem(await api.patient.get(f"/patients/{number}"), 403, "forbidden")
    problem(await api.patient.get("/patients/7"), 403, "forbidden")

    entries = await api.audited(action="denied")

    assert [entry["entity_id"] for entry in entries] == [7, None]


async def test_an_entry_holds_the_time_of_the_request_not_of_the_writing(api: Api) -> None:
    trail = AuditTrail(api.services.database)
    await trail.add(note(1))
    between = await api.owner.fetchval("select clock_timestamp()")
    await trail.flush()

    assert (await api.audited(request_id="r1"))[0]["at"] < between


async def test_what_waits_when_the_service_stops_is_written(api: Api) -> None:
    trail = AuditTrail(api.services.database)
    await trail.start()
    for number in range(1, 2501):
        await trail.add(note(number))

    await trail.stop()

    assert await api.owner.fetchval("select count(*) from audit_log where action = 'read'") == 2500


async def test_while_the_database_is_away_entries_wait_in_their_order(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = api.services.database
    execute = database.execute
    failures = 2

    async def away_at_first(query: Any, **arguments: Any) -> int:
        nonlocal failures
        if failures:
            failures -= 1
            raise asyncpg.CannotConnectNowError
        return await execute(query, **arguments)

    monkeypatch.setattr(database, "execute", away_at_first)
    trail = AuditTrail(database)
    for number in (1, 2, 3):
        await trail.add(note(number))

    assert [await trail.flush() for _ in range(3)] == [False, False, True]
    rows = await api.owner.fetch("select entity_id from audit_log where action = 'read' order by audit_id")
    assert [row[0] for row in rows] == [1, 2, 3]


async def test_an_entry_that_cannot_be_stored_does_not_hold_up_the_others(api: Api) -> None:
    trail = AuditTrail(api.services.database)
    for number, ip in ((1, None), (2, "not an address"), (3, "::1")):
        await trail.add(note(number, ip=ip))

    assert await trail.flush()
    assert await trail.flush()
    rows = await api.owner.fetch("select entity_id from audit_log where action = 'read' order by audit_id")
    assert [row[0] for row in rows] == [1, 3]


async def test_requests_wait_when_too_many_entries_do(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trails, "MAX_WAITING", 2)
    trail = AuditTrail(api.services.database)
    await trail.add(note(1))
    await trail.add(note(2))
    third = asyncio.create_task(trail.add(note(3)))
    await asyncio.sleep(0.01)
    assert not third.done()

    await trail.flush()
    await third
    await trail.flush()

    assert await api.owner.fetchval("select count(*) from audit_log where action = 'read'") == 3


async def test_a_flush_that_is_cancelled_loses_nothing(api: Api) -> None:
    trail = AuditTrail(api.services.database)
    await trail.add(note(1))
    flush = asyncio.create_task(trail.flush())
    await asyncio.sleep(0)
    flush.cancel()
    await asyncio.wait([flush])
    await trail.flush()

    assert await api.owner.fetchval("select count(*) from audit_log where action = 'read'") == 1
