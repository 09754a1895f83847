"""Messages on their way, with a provider that behaves and one that doesn't."""

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from dcms.worker.options import Options
from dcms.worker.outbox import Outbox
from tests import make
from tests.api import Api
from tests.fake_twilio import FakeTwilio, always, first
from tests.worker.conftest import Worker, as_worker

Sender = Callable[..., Worker]


async def state(api: Api, sms_id: int) -> dict[str, Any]:
    message: dict[str, Any] = (await api.doctor.get(f"/sms/{sms_id}")).json()
    return message


async def outbox(api: Api) -> list[Any]:
    return [
        tuple(row)
        for row in await api.owner.fetch(
            "select kind, attempts, failed_at is not null, error_code from outbox order by outbox_id"
        )
    ]


async def make_due(api: Api) -> None:
    await api.owner.execute("update outbox set available_at = now() - interval '1 second'")


async def test_the_console_takes_everything(api: Api, worker: Worker) -> None:
    _, hold = await make.holder(api)
    message = await make.sms(api, hold)

    await worker.work()

    sent = await state(api, message["sms_id"])
    assert (sent["status"], sent["provider"], sent["error_code"]) == ("sent", "console", None)
    assert re.fullmatch(r"SM[0-9a-f]{32}", sent["provider_message_id"])
    assert sent["sent_at"] is not None
    assert await outbox(api) == []


async def test_twilio_gets_number_text_sender_and_where_to_report(api: Api, sender: Sender, twilio: FakeTwilio) -> None:
    _, hold = await make.holder(api)
    message = await make.sms(api, hold, text="Grüße & 1+1=2 😀")

    await sender().work()

    [taken] = twilio.taken
    assert taken["To"] == "+491712345678"
    assert taken["From"] == "+4930111"
    assert taken["Body"] == "Grüße & 1+1=2 😀"
    callback = f"https://clinic.example/api/v1/sms/webhook/status?sms_id={message['sms_id']}"
    assert taken["StatusCallback"] == callback
    sent = await state(api, message["sms_id"])
    assert (sent["status"], sent["provider"], sent["provider_message_id"]) == ("sent", "twilio", taken["sid"])


@pytest.mark.parametrize("manner", ["busy", "setup"])
async def test_what_was_not_taken_is_tried_again_without_asking(
    api: Api, sender: Sender, twilio: FakeTwilio, manner: str
) -> None:
    _, hold = await make.holder(api)
    message = await make.sms(api, hold)
    twilio.behaviour = first(manner, manner)
    worker = sender()

    for _ in range(3):
        await worker.work(1)
        await make_due(api)

    assert (await state(api, message["sms_id"]))["status"] == "sent"
    assert (twilio.requests, len(twilio.taken), twilio.lookups) == (3, 1, 0)


@pytest.mark.parametrize("manner", ["take_and_fail", "take_and_hang_up", "garbage"])
async def test_what_may_have_been_taken_is_asked_for_and_not_sent_twice(
    api: Api, sender: Sender, twilio: FakeTwilio, manner: str
) -> None:
    _, hold = await make.holder(api)
    before = await make.sms(api, hold)
    message = await make.sms(api, hold)
    twilio.behaviour = first("take", manner)

    await sender(concurrency=1).work()

    sent = await state(api, message["sms_id"])
    assert (sent["status"], [sent["provider_message_id"]]) == ("sent", twilio.sids(message["sms_id"]))
    assert twilio.lookups == 1
    assert [(await state(api, before["sms_id"]))["provider_message_id"]] == twilio.sids(before["sms_id"])
    assert await outbox(api) == []


@pytest.mark.parametrize("manner", ["down", "hang_up"])
async def test_what_turns_out_not_to_be_there_is_sent_again(
    api: Api, sender: Sender, twilio: FakeTwilio, manner: str
) -> None:
    _, hold = await make.holder(api)
    message = await make.sms(api, hold)
    twilio.behaviour = first(manner)

    await sender().work()

    assert (await state(api, message["sms_id"]))["status"] == "sent"
    assert (len(twilio.taken), twilio.lookups) == (1, 1)


async def test_what_is_rejected_fails_with_the_provider_s_code_and_can_be_put_back(
    api: Api, sender: Sender, twilio: FakeTwilio
) -> None:
    _, hold = await make.holder(api)
    message = await make.sms(api, hold)
    twilio.behaviour = first("reject")
    worker = sender()

    await worker.work()

    failed = await state(api, message["sms_id"])
    assert (failed["status"], failed["error_code"]) == ("failed", "21211")
    assert await outbox(api) == [("sms.send", 1, True, "21211")]
    jobs = Outbox(api.services.database)
    [listed] = await jobs.failed()
    assert (listed.kind, listed.payload, listed.error_code) == ("sms.send", {"sms_id": message["sms_id"]}, "21211")
    with as_worker():
        assert await jobs.put_back(listed.outbox_id + 1) == []
        assert await jobs.put_back(listed.outbox_id) == [listed.outbox_id]
    await worker.work()
    assert (await state(api, message["sms_id"]))["status"] == "sent"
    assert await jobs.failed() == []


async def test_a_provider_that_never_answers_well_ends_in_failed(api: Api, sender: Sender, twilio: FakeTwilio) -> None:
    _, hold = await make.holder(api)
    message = await make.sms(api, hold)
    twilio.behaviour = always("down")

    await sender().work()

    failed = await state(api, message["sms_id"])
    assert (failed["status"], failed["error_code"]) == ("failed", "http_503")
    assert await outbox(api) == [("sms.send", 5, True, "http_503")]


async def test_no_connection_is_no_reason_to_ask(api: Api, sender: Sender, twilio: FakeTwilio) -> None:
    _, hold = await make.holder(api)
    message = await make.sms(api, hold)
    worker = sender()
    twilio._server.close()
    await twilio._server.wait_closed()

    await worker.work(1)

    assert (await state(api, message["sms_id"]))["status"] == "queued"
    assert await outbox(api) == [("sms.send", 1, False, "no_connection")]


async def test_a_killed_worker_s_message_is_asked_for_when_its_lease_has_ended(
    api: Api, sender: Sender, twilio: FakeTwilio
) -> None:
    _, hold = await make.holder(api)
    messages = [(await make.sms(api, hold, text=f"message {number}"))["sms_id"] for number in range(2)]
    twilio.behaviour = first("take_late", "hang_up_late")
    killed = sender(concurrency=2, grace_s=0.1)
    await killed.work(1)
    assert {(await state(api, sms_id))["status"] for sms_id in messages} == {"sending"}
    await asyncio.sleep(0.4)

    await sender().work()
    assert {(await state(api, sms_id))["status"] for sms_id in messages} == {"sending"}
    await make_due(api)
    await sender().work()

    for sms_id in messages:
        sent = await state(api, sms_id)
        assert (sent["status"], [sent["provider_message_id"]]) == ("sent", twilio.sids(sms_id))


async def test_a_job_that_kills_its_worker_ends(api: Api, worker: Worker) -> None:
    _, hold = await make.holder(api)
    message = await make.sms(api, hold)
    await api.owner.execute("update outbox set attempts = 5")

    await worker.work()

    failed = await state(api, message["sms_id"])
    assert (failed["status"], failed["error_code"]) == ("failed", "too_many_attempts")


async def test_who_lost_his_lease_changes_no_job(api: Api, sender: Sender, twilio: FakeTwilio) -> None:
    _, hold = await make.holder(api)
    message = await make.sms(api, hold)
    twilio.behaviour = first("take_late")
    slow = asyncio.create_task(sender().work(1))
    await asyncio.sleep(0.1)
    await make_due(api)
    await api.owner.execute("update outbox set lease_token = gen_random_uuid(), available_at = now() + interval '1 h'")

    await slow

    sent = await state(api, message["sms_id"])
    assert (sent["status"], [sent["provider_message_id"]]) == ("sent", twilio.sids(message["sms_id"]))
    assert len(await outbox(api)) == 1


async def test_a_worker_that_was_held_up_does_not_begin(api: Api, sender: Sender, twilio: FakeTwilio) -> None:
    _, hold = await make.holder(api)
    message = await make.sms(api, hold)

    await sender(lease_s=10.0, begin_before_s=20.0).work(1)

    assert (await state(api, message["sms_id"]))["status"] == "queued"
    assert twilio.requests == 0


async def cancelled_by(api: Api, worker: Worker, statement: str) -> Any:
    _, hold = await make.holder(api)
    message = await make.sms(api, hold)
    await api.owner.execute(statement)
    await worker.work()
    found = await state(api, message["sms_id"])
    assert found["status"] == "canceled"
    assert found["provider"] is None
    assert await outbox(api) == []
    return found["error_code"]


@pytest.mark.parametrize(
    "statement, code",
    [
        ("update phone_number set sms_opt_out = true", "opted_out"),
        ("update patient set archived_at = now(), status = 'archived'", "archived"),
        ("delete from patient_phone", "number_removed"),
    ],
)
async def test_number_and_patient_are_read_again_before_sending(
    api: Api, worker: Worker, statement: str, code: str
) -> None:
    assert await cancelled_by(api, worker, statement) == code


async def test_a_cancelled_message_is_not_sent(api: Api, sender: Sender, twilio: FakeTwilio) -> None:
    _, hold = await make.holder(api)
    message = await make.sms(api, hold)
    await api.receptionist.delete(f"/sms/{message['sms_id']}")

    await sender().work()

    assert twilio.requests == 0
    assert await outbox(api) == []


async def test_a_scheduled_message_waits_for_its_time(api: Api, worker: Worker) -> None:
    _, hold = await make.holder(api)
    message = await make.sms(api, hold, text="x", scheduled_for="2100-01-01T00:00:00Z")
    await worker.work()
    assert (await state(api, message["sms_id"]))["status"] == "scheduled"

    await make_due(api)
    await worker.work()

    assert (await state(api, message["sms_id"]))["status"] == "sent"


async def test_a_receipt_that_comes_before_the_answer_counts(api: Api, sender: Sender, twilio: FakeTwilio) -> None:
    from tests.webhooks.test_receive_sms_status import receipt

    _, hold = await make.holder(api)
    message = await make.sms(api, hold)
    twilio.behaviour = first("take_late")
    sending = asyncio.create_task(sender().work(1))
    await asyncio.sleep(0.15)
    [sid] = twilio.sids(message["sms_id"])
    await receipt(api, sid, "delivered", f"sms_id={message['sms_id']}")

    await sending

    delivered = await state(api, message["sms_id"])
    assert (delivered["status"], delivered["provider_message_id"]) == ("delivered", sid)


async def test_bulk_does_not_hold_up_a_single_message(api: Api, sender: Sender, twilio: FakeTwilio) -> None:
    _, hold = await make.holder(api)
    for number in range(6):
        await make.sms(api, hold, text=f"bulk {number}")
    await api.owner.execute("update outbox set lane = 2, available_at = now() - interval '1 hour'")
    await make.sms(api, hold, text="single")

    await sender(concurrency=2).work(1)

    assert len(twilio.texts) == 2
    assert "single" in twilio.texts


async def test_several_workers_send_each_message_once(api: Api, sender: Sender, twilio: FakeTwilio) -> None:
    _, hold = await make.holder(api)
    for number in range(60):
        await make.sms(api, hold, text=f"message {number}")

    await asyncio.gather(*(sender(concurrency=4).work(100) for _ in range(4)))

    assert sorted(twilio.texts) == sorted(f"message {number}" for number in range(60))


async def test_a_worker_that_is_told_to_stop_finishes_what_is_in_flight(
    api: Api, sender: Sender, twilio: FakeTwilio
) -> None:
    _, hold = await make.holder(api)
    first_one = await make.sms(api, hold)
    second = await make.sms(api, hold)
    twilio.behaviour = always("take_late")
    stop = asyncio.Event()
    with as_worker():
        running = asyncio.create_task(sender(concurrency=1).dispatcher.run(stop))
    await asyncio.sleep(0.15)
    stop.set()
    started = time.monotonic()
    await running

    assert time.monotonic() - started < 1
    assert (await state(api, first_one["sms_id"]))["status"] == "sent"
    assert (await state(api, second["sms_id"]))["status"] == "queued"


async def test_an_unknown_job_is_given_up(api: Api, worker: Worker) -> None:
    await api.owner.execute("insert into outbox (kind, payload) values ('dance', '{}')")

    await worker.work()

    assert await outbox(api) == [("dance", 1, True, "unknown_kind")]


def test_backoff_doubles_up_to_its_limit_with_jitter() -> None:
    options = Options()

    for attempts, longest in [(1, 2), (2, 4), (5, 32), (12, 900), (1000, 900)]:
        delays = {options.delay_s(attempts) for _ in range(100)}
        assert longest * 0.75 <= min(delays) < max(delays) <= longest * 1.25
    assert options.delay_s(1, at_least_s=600) >= 450
