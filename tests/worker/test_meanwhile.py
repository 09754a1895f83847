"""What others commit while a worker waits for its messages: it counts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from tests import make
from tests.api import Api
from tests.merges.records import merge
from tests.webhooks.twilio import INBOUND, post
from tests.worker.conftest import Worker
from tests.worker.test_process import until
from tests.worker.test_sending import make_due, state

OTHER_NUMBER = "+491712345699"


@asynccontextmanager
async def held(api: Api, statement: str, *values: Any) -> AsyncIterator[None]:
    """What somebody else has locked or written, and commits at the end of the block."""
    other = await asyncpg.connect(api.owner_url)
    await other.execute("select set_config('dcms.context', '{\"request_id\": \"test\"}', false)")
    try:
        async with other.transaction():
            await other.execute(statement, *values)
            yield
    finally:
        await other.close()


async def all_wait(api: Api, number: int) -> None:
    """Come back when so many wait for a lock."""
    await until(
        api,
        f"select count(*) >= {number} from pg_stat_activity"
        " where wait_event_type = 'Lock' and datname = current_database()",
    )


@asynccontextmanager
async def in_the_middle_of_a_merge(
    api: Api, worker: Worker, hold: int, target: int, source: int
) -> AsyncIterator[None]:
    """A merge that has moved the messages and isn't committed, and the worker that waits for them."""
    called = await api.receptionist.post("/calls", json={"phone_number_id": hold, "direction": "in"})
    # calls are moved last
    async with held(api, "select from call where call_id = $1 for update", called.json()["call_id"]):
        merging = asyncio.create_task(merge(api, target, source))
        await all_wait(api, 1)
        working = asyncio.create_task(worker.work(1))
        await all_wait(api, 2)
        yield
    await merging
    await working


async def test_a_message_that_a_merge_moves_goes_out(api: Api, worker: Worker) -> None:
    source, hold = await make.holder(api)
    target = (await make.patient(api))["patient_id"]
    message = await make.sms(api, hold)

    async with in_the_middle_of_a_merge(api, worker, hold, target, source):
        pass

    moved = await state(api, message["sms_id"])
    assert (moved["status"], moved["error_code"], moved["patient_id"]) == ("sent", None, target)


async def test_a_reminder_that_a_merge_moves_goes_out(api: Api, worker: Worker) -> None:
    source, hold = await make.holder(api)
    target = (await make.patient(api))["patient_id"]
    await make.appointment(api, patient_id=source)
    await worker.work()
    await make_due(api)

    async with in_the_middle_of_a_merge(api, worker, hold, target, source):
        pass

    [reminder] = (await api.doctor.get("/sms")).json()["items"]
    assert (reminder["status"], reminder["error_code"], reminder["patient_id"]) == ("sent", None, target)


async def test_a_stop_that_was_answered_while_the_worker_waited_counts(api: Api, worker: Worker) -> None:
    source, hold = await make.holder(api)
    target = (await make.patient(api))["patient_id"]
    _, other_hold = await make.holder(api, OTHER_NUMBER)
    # one before and one after the message that is waited for
    earlier = await make.sms(api, other_hold)
    waited_for = await make.sms(api, hold)
    later = await make.sms(api, other_hold)

    async with in_the_middle_of_a_merge(api, worker, hold, target, source):
        stop = await post(api, INBOUND, MessageSid="SM1", From=OTHER_NUMBER, Body="STOP")

    assert stop.status_code == 200
    assert (await state(api, waited_for["sms_id"]))["status"] == "sent"
    for message in (earlier, later):
        stopped = await state(api, message["sms_id"])
        assert (stopped["status"], stopped["error_code"]) == ("canceled", "opted_out")


async def test_a_reminder_planned_by_older_facts_at_the_same_moment_gives_way(api: Api, worker: Worker) -> None:
    patient_id, _ = await make.holder(api)
    added = await api.receptionist.post(f"/patients/{patient_id}/phone_numbers", json={"number": OTHER_NUMBER})
    appointment = await make.appointment(api, patient_id=patient_id)
    made = await api.receptionist.post(f"/phone_numbers/{added.json()['phone_number_id']}/make_primary")
    assert made.status_code == 200, made.text

    # another planner has read the number that was the primary one
    plans_by_older_facts = """
        insert into sms (
            patient_id, e164, direction, text, status, segments, encoding, appointment_id,
            reminder_offset_minutes, reminder_starts_at, reminder_doctor_id, scheduled_for
        )
        select patient_id, '+491712345678', 'out', 'x', 'scheduled', 1, 'GSM-7', appointment_id,
            1440, starts_at, doctor_id, starts_at - interval '1 day'
        from appointment
        where appointment_id = $1
    """
    async with held(api, plans_by_older_facts, appointment["appointment_id"]):
        working = asyncio.create_task(worker.work())
        await all_wait(api, 1)
    await working

    reminders = (await api.doctor.get("/sms")).json()["items"]
    assert sorted((each["e164"], each["status"], each["error_code"]) for each in reminders) == [
        ("+491712345678", "canceled", "number_removed"),
        (OTHER_NUMBER, "scheduled", None),
    ]
