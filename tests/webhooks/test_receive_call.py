"""POST /calls/webhook/inbound."""

import itertools
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests import make
from tests.api import Api, bad_fields
from tests.webhooks import twilio
from tests.webhooks.twilio import CALL

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
NUMBER = "+491712345678"


async def step(api: Api, status: str, sid: str = "CA1", seconds: int | None = None, **fields: str) -> None:
    """One event of a call; `seconds` after its start."""
    given = {"From": NUMBER, "To": "+4930111", "Direction": "inbound", **fields}
    if seconds is not None:
        given["Timestamp"] = format_datetime(START + timedelta(seconds=seconds))
    answer = await twilio.post(api, CALL, CallSid=sid, CallStatus=status, **given)
    assert answer.status_code == 200, answer.text
    assert answer.text == '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'


async def calls(api: Api) -> list[Any]:
    rows: list[Any] = await api.owner.fetch(
        """
        select call_id, e164, patient_id, employee_id, direction, contact_type, status, started_at, answered_at,
            ended_at, provider, provider_call_id,
            call_duration_s(status, started_at, answered_at, ended_at) as duration_s
        from call order by call_id
        """
    )
    return rows


async def test_a_ringing_call_finds_the_holder_of_its_number(api: Api) -> None:
    patient_id, _ = await make.holder(api)

    await step(api, "ringing", seconds=0)

    [call] = await calls(api)
    assert dict(call) == {
        "call_id": call["call_id"],
        "e164": NUMBER,
        "patient_id": patient_id,
        "employee_id": None,
        "direction": "in",
        "contact_type": "patient",
        "status": "ringing",
        "started_at": START,
        "answered_at": None,
        "ended_at": None,
        "provider": "twilio",
        "provider_call_id": "CA1",
        "duration_s": None,
    }


EVENTS: list[tuple[str, int, dict[str, str]]] = [
    ("initiated", 0, {}),
    ("ringing", 1, {}),
    ("in-progress", 10, {}),
    ("completed", 70, {"CallDuration": "60"}),
]


@pytest.mark.parametrize("order", itertools.permutations(EVENTS))
async def test_any_order_and_repetition_ends_the_same(api: Api, order: Any) -> None:
    for status, seconds, fields in [*order, *order[::-1]]:
        await step(api, status, seconds=seconds, **fields)

    [call] = await calls(api)
    assert (call["status"], call["duration_s"]) == ("completed", 60)
    assert call["started_at"] == START
    assert call["answered_at"] == START + timedelta(seconds=10)
    assert call["ended_at"] == START + timedelta(seconds=70)


async def test_all_at_once_three_times_is_one_call(api: Api) -> None:
    await twilio.at_once(step(api, status, seconds=at, **fields) for status, at, fields in EVENTS * 3)

    [call] = await calls(api)
    assert (call["status"], call["duration_s"], call["started_at"]) == ("completed", 60, START)
    assert await api.owner.fetchval("select count(*) from webhook_event where worked_at is null") == 0


async def test_without_timestamps_the_times_of_receipt_count_and_never_run_backwards(api: Api) -> None:
    await step(api, "completed")
    await step(api, "in-progress")

    [call] = await calls(api)
    assert call["status"] == "completed"
    assert call["started_at"] <= call["answered_at"] <= call["ended_at"]


@pytest.mark.parametrize(
    "status, expected",
    [("busy", "busy"), ("no-answer", "missed"), ("canceled", "missed"), ("failed", "failed"), ("queued", "ringing")],
)
async def test_statuses(api: Api, status: str, expected: str) -> None:
    await step(api, status, seconds=0)
    await step(api, "ringing", seconds=0)

    assert [call["status"] for call in await calls(api)] == [expected]


async def test_unknown_callers_are_prospects_and_hidden_ones_have_no_number(api: Api) -> None:
    await step(api, "ringing", "CA1", From="+14155550123")
    await step(api, "ringing", "CA2", From="anonymous")
    await step(api, "ringing", "CA3", From="+266696687")

    assert [(call["e164"], call["contact_type"]) for call in await calls(api)] == [
        ("+14155550123", "prospect"),
        (None, "prospect"),
        (None, "prospect"),
    ]


async def test_an_outgoing_call_is_with_the_number_called(api: Api) -> None:
    patient_id, _ = await make.holder(api)

    await step(api, "ringing", From="+4930111", To=NUMBER, Direction="outbound-api")

    [call] = await calls(api)
    assert (call["e164"], call["direction"], call["patient_id"]) == (NUMBER, "out", patient_id)


async def test_a_family_is_not_guessed_and_an_employee_is_known(api: Api) -> None:
    await make.holder(api)
    await make.holder(api)
    employee_id = await api.owner.fetchval(
        "insert into employee (first_name, last_name) values ('Otto', 'Haas') returning employee_id"
    )
    await api.owner.execute("insert into phone_number (e164, national, type) values ('+4930222', '030 222', 'mobile')")
    await api.owner.execute("insert into employee_phone (employee_id, e164) values ($1, '+4930222')", employee_id)

    await step(api, "ringing", "CA1")
    await step(api, "ringing", "CA2", From="+4930222")

    shared, staff = await calls(api)
    assert (shared["patient_id"], shared["contact_type"]) == (None, "patient")
    assert (staff["employee_id"], staff["contact_type"]) == (employee_id, "employee")


async def test_unknown_statuses_bad_times_and_missing_ids(api: Api) -> None:
    await step(api, "teleported")
    assert await calls(api) == []
    for given in ("yesterday", "Sun, 22 Nov 99999 09:00:00 +0000", "Sun, 22 Nov 2026 09:00:00", "\0"):
        await step(api, "ringing", Timestamp=given)
    assert len(await calls(api)) == 1
    await step(api, "completed", CallDuration="999999999")
    await step(api, "completed", CallDuration="x")
    assert bad_fields(await twilio.post(api, CALL, CallStatus="ringing")) == {"CallSid"}
