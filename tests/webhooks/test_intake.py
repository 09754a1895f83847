"""Events that arrive together are kept together, and worked on together."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import asyncpg
import httpx
import pytest

from dcms.context import Context, current_context
from dcms.web.front import Front
from dcms.webhooks import events, intake
from dcms.webhooks.intake import Intake
from dcms.webhooks.repository import Delivery, Kept, WebhookRepository
from dcms.webhooks.requests import Signed
from tests import make
from tests.api import Api, problem
from tests.webhooks import twilio
from tests.webhooks.twilio import CALL, INBOUND, STATUS

NUMBER = "+491712345678"


def message(sid: str, text: str, number: str = NUMBER) -> Delivery:
    """A message as a request brings it."""
    event = events.inbound_sms({"MessageSid": sid, "From": number, "Body": text}, {})
    return Delivery(event, Signed(b"", "", "", {}), f"request-{sid}")


def repository(api: Api) -> WebhookRepository:
    current_context.set(Context("batch"))
    return WebhookRepository(api.services.database)


async def take(api: Api, *deliveries: Delivery) -> list[Kept]:
    """Keep and work on events as one batch."""
    webhooks = repository(api)
    kept = await webhooks.keep(deliveries)
    await webhooks.work(kept)
    return kept


@asynccontextmanager
async def locked(api: Api, table: str) -> AsyncIterator[None]:
    """Let nobody else at a table."""
    holder = await asyncpg.connect(api.owner_url)
    try:
        async with holder.transaction():
            await holder.execute(f"lock table {table} in access exclusive mode")
            yield
    finally:
        await holder.close()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that needs nothing but time."""
    while not condition():  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.005)


async def until_arrived(taker: Intake, arrived: int) -> None:
    """Wait until so many events are there that are not kept yet."""
    await until(lambda: len(taker._arrived) >= arrived)


async def received(api: Api, sid: str, text: str = "hi", **fields: str) -> httpx.Response:
    return await twilio.post(api, INBOUND, MessageSid=sid, From=NUMBER, Body=text, **fields)


async def unworked(api: Api) -> int:
    waiting: int = await api.owner.fetchval("select count(*) from webhook_event where worked_at is null")
    return waiting


@pytest.fixture
def batches(api: Api, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many events each statement that kept some was given."""
    sizes: list[int] = []
    keep = WebhookRepository.keep

    async def counted(self: WebhookRepository, deliveries: Sequence[Delivery]) -> list[Kept]:
        sizes.append(len(deliveries))
        return await keep(self, deliveries)

    monkeypatch.setattr(WebhookRepository, "keep", counted)
    return sizes


async def test_what_comes_while_a_commit_runs_is_the_next_batch(api: Api, batches: list[int]) -> None:
    async with locked(api, "webhook_event"):
        first = asyncio.create_task(received(api, "SM"))
        await until(lambda: batches == [1])
        others = [asyncio.create_task(received(api, f"SM{number}")) for number in range(19)]
        await until_arrived(api.services.intake, 20)
    statuses = [(await answer).status_code for answer in (first, *others)]

    assert statuses == [200] * 20
    assert batches == [1, 19]
    assert {tuple(row) for row in await api.owner.fetch("select subject, deliveries from webhook_event")} == {
        ("SM", 1),
        *((f"SM{number}", 1) for number in range(19)),
    }


async def test_alone_an_event_is_a_batch_and_its_request_is_named(api: Api, batches: list[int]) -> None:
    answer = await received(api, "SM1")

    assert batches == [1]
    assert await api.owner.fetchval("select request_id from webhook_event") == answer.headers["x-request-id"]
    [entry] = await api.audited(entity="sms")
    assert entry["request_id"].startswith("webhooks-")


async def test_duplicates_within_a_batch_are_one_event(api: Api) -> None:
    kept = await take(api, message("SM2", "a"), message("SM1", "b"), message("SM2", "a"))

    assert [each.subject for each in kept] == ["SM2", "SM1", "SM2"]
    assert kept[0] == kept[2]
    rows = await api.owner.fetch("select subject, deliveries, request_id from webhook_event order by received_at")
    assert [tuple(row) for row in rows] == [("SM2", 2, "request-SM2"), ("SM1", 1, "request-SM1")]
    assert [row["text"] for row in await api.owner.fetch("select text from sms order by sms_id")] == ["a", "b"]


async def test_a_batch_of_what_is_there_already_counts_and_changes_nothing_else(api: Api) -> None:
    await take(api, message("SM1", "a"))

    kept = await take(api, message("SM1", "a"), message("SM2", "b"), message("SM1", "a"))

    assert [each.is_waiting for each in kept] == [False, True, False]
    assert await api.owner.fetchval("select deliveries from webhook_event where subject = 'SM1'") == 3
    assert await api.owner.fetchval("select count(*) from sms") == 2


@pytest.mark.parametrize(
    "words, is_opted_out",
    [
        (["STOP", "START"], False),
        (["START", "STOP"], True),
        (["STOP", "START", "hello"], False),
        (["hello", "STOP", "bye"], True),
        (["START", "STOP", "START", "STOP"], True),
    ],
)
async def test_the_order_of_receipt_counts_within_a_batch(api: Api, words: list[str], is_opted_out: bool) -> None:
    chance = random.Random(5)
    sids = chance.sample(range(100), len(words))
    batch = [message(f"SM{sid}", word) for sid, word in zip(sids, words, strict=True)]
    # the first again at the end: the first receipt is what counts
    await take(api, *batch, batch[0])

    assert await api.owner.fetchval("select sms_opt_out from phone_number") is is_opted_out


async def test_one_bad_event_does_not_fail_the_others_of_its_batch(api: Api, batches: list[int]) -> None:
    fine = [f"SM{number}" for number in range(9)]
    async with locked(api, "webhook_event"):
        first = asyncio.create_task(received(api, "SM"))
        await until(lambda: batches == [1])
        bad = asyncio.create_task(twilio.post(api, STATUS, MessageSid="SMx", MessageStatus="sent\0"))
        others = [asyncio.create_task(received(api, sid)) for sid in fine]
        await until_arrived(api.services.intake, 11)
    problem(await bad, 400, "invalid_request")

    assert [(await each).status_code for each in (first, *others)] == [200] * 10
    assert batches[:2] == [1, 10]
    kept = await api.owner.fetch("select subject from webhook_event order by subject")
    assert [row["subject"] for row in kept] == ["SM", *fine]


@pytest.mark.parametrize("is_postponed", [True, False])
async def test_one_event_that_can_t_be_worked_on_does_not_hold_up_the_others(api: Api, is_postponed: bool) -> None:
    webhooks = repository(api)
    if not is_postponed:
        await api.owner.execute(
            """
            create function refuse() returns trigger
            language plpgsql as $$
            begin
                raise serialization_failure;
            end
            $$;
            create trigger refuse before update of failures on webhook_event for each row execute function refuse();
            """
        )
    kept = await webhooks.keep([message(f"SM{number}", "hi") for number in range(9)])
    await api.owner.execute(
        "update webhook_event set details = details || '{\"encoding\": \"unheard of\"}' where subject = 'SM4'"
    )

    assert await webhooks.work(kept) == 8

    rows = await api.owner.fetch("select subject, failures from webhook_event where worked_at is null")
    assert [tuple(row) for row in rows] == [("SM4", int(is_postponed))]
    assert await api.owner.fetchval("select count(*) from sms") == 8


async def test_an_event_that_can_t_be_worked_on_is_tried_again_after_longer_and_longer_times(api: Api) -> None:
    webhooks = repository(api)
    await webhooks.keep([message("SM1", "hi"), message("SM2", "hi")])
    await api.owner.execute(
        """
        update webhook_event
        set received_at = received_at - interval '1 day',
            details = case when subject = 'SM1' then details || '{"encoding": "unheard of"}' else details end
        """
    )

    assert await webhooks.sweep() == 1
    for failed_before, seconds in ((0, 2), (1, 4), (5, 64), (11, 3600), (500, 3600)):
        await api.owner.execute("update webhook_event set failures = $1, next_try_at = now()", failed_before)
        assert await webhooks.sweep() == 0
        row = await api.owner.fetchrow(
            """
            select failures, extract(epoch from next_try_at - statement_timestamp())::float
            from webhook_event
            where subject = 'SM1'
            """
        )
        failures, wait = row or (None, 0)
        assert failures == failed_before + 1
        assert 0.6 * seconds < wait <= seconds
    # before its time it is not tried
    assert await webhooks.sweep() == 0
    assert await api.owner.fetchval("select failures from webhook_event where subject = 'SM1'") == 501

    await api.owner.execute(
        'update webhook_event set details = details || \'{"encoding": "GSM-7"}\', next_try_at = now()'
    )
    assert await webhooks.sweep() == 1
    assert await api.owner.fetchval("select count(*) from sms") == 2


async def test_a_request_that_is_given_up_takes_no_event_with_it(api: Api) -> None:
    async with locked(api, "webhook_event"):
        answers = [asyncio.create_task(received(api, f"SM{number}")) for number in range(4)]
        await until_arrived(api.services.intake, 4)
        # of the batch that runs, and of the one that waits
        for given_up in (answers[0], answers[2]):
            given_up.cancel()
        await asyncio.wait([answers[0], answers[2]])
    assert [(await answers[index]).status_code for index in (1, 3)] == [200, 200]

    await api.services.intake.stop()
    assert await api.owner.fetchval("select count(*) from sms") == 4


async def test_too_many_at_once_are_asked_to_come_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MAX_ARRIVED", 3)
    async with locked(api, "webhook_event"):
        answers = [asyncio.create_task(received(api, f"SM{number}")) for number in range(3)]
        await until_arrived(api.services.intake, 3)
        refused = await received(api, "SM9")
    problem(refused, 503, "unavailable")

    assert refused.headers["retry-after"] == "1"
    assert [(await answer).status_code for answer in answers] == [200] * 3
    assert await api.owner.fetchval("select count(*) from webhook_event") == 3


async def test_few_wait_for_their_effect_and_many_for_their_commit_only(api: Api) -> None:
    taker = api.services.intake
    async with locked(api, "sms"):
        patient = asyncio.create_task(received(api, "SM"))
        await until(lambda: len(taker._kept) == 1)
        assert not patient.done()
        flood = [asyncio.create_task(received(api, f"SM{number}")) for number in range(5 * intake.MAX_AWAITED)]
        await until(lambda: sum(answer.done() for answer in flood) > len(flood) - intake.MAX_AWAITED)
        assert await unworked(api) == len(flood) + 1
    assert {(await answer).status_code for answer in (patient, *flood)} == {200}

    await taker.stop()
    assert await unworked(api) == 0


async def test_what_has_no_room_to_wait_for_its_effect_is_left_to_the_workers(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MAX_KEPT", 0)

    assert (await received(api, "SM1")).status_code == 200
    assert await unworked(api) == 1

    await api.owner.execute("update webhook_event set received_at = received_at - interval '2 seconds'")
    await repository(api).sweep()
    assert await unworked(api) == 0


async def test_a_sweep_goes_on_until_nothing_is_left(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dcms.webhooks.repository.SWEEP_SIZE", 10)
    webhooks = repository(api)
    await webhooks.keep([message(f"SM{number}", "hi") for number in range(35)])
    await api.owner.execute("update webhook_event set received_at = received_at - interval '2 seconds'")

    assert await webhooks.sweep() == 35
    assert await unworked(api) == 0


async def test_the_receipts_of_a_batch_take_a_message_as_far_as_one_by_one(api: Api) -> None:
    webhooks = repository(api)
    receipts = ["sent", "undelivered", "delivered", "sending"]
    for name in ("SM1", "SM2"):
        await api.owner.execute(
            """
            insert into sms (direction, text, status, segments, encoding, provider, provider_message_id)
            values ('out', 'x', 'sending', 1, 'GSM-7', 'twilio', $1)
            """,
            name,
        )
    deliveries = [
        Delivery(
            events.sms_status({"MessageSid": "SM1", "MessageStatus": status, "ErrorCode": "30003"}, {}),
            Signed(b"", "", "", {}),
            "request",
        )
        for status in receipts
    ]
    await webhooks.work(await webhooks.keep(deliveries))

    touched, other = await api.owner.fetch("select * from sms order by provider_message_id")
    times = {
        row["event"].partition(":")[0]: row["received_at"]
        for row in await api.owner.fetch("select event, received_at from webhook_event")
    }
    assert (touched["status"], touched["error_code"], touched["delivered_at"]) == ("undelivered", "30003", None)
    assert touched["sent_at"] == times["sent"]
    assert other["status"] == "sending"
    assert await unworked(api) == 0


START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ENDS = ["delivered", "undelivered", "failed", "sent", "delivered"] * 2


def hundred() -> list[tuple[str, dict[str, str]]]:
    """Receipts of ten messages, texts of five numbers, steps of ten calls."""
    receipts = [
        (STATUS, {"MessageSid": f"SMout{number}", "MessageStatus": status})
        for number, end in enumerate(ENDS)
        for status in ("queued", "sending", "sent", end)
    ]
    texts = [
        (INBOUND, {"MessageSid": f"SMin{number}", "From": f"+49171000000{number % 5}", "Body": text})
        for number, text in enumerate(["STOP", "START", "hi"] * 10)
    ]
    steps = [
        (
            CALL,
            {
                "CallSid": f"CA{number}",
                "CallStatus": status,
                "From": f"+49171000000{number % 7}",
                "Timestamp": format_datetime(START + timedelta(seconds=at)),
                **({"CallDuration": "60"} if status == "completed" else {}),
            },
        )
        for number in range(10)
        for status, at in (("ringing", 0), ("in-progress", 10), ("completed", 70))
    ]
    return [*receipts, *texts, *steps]


@pytest.mark.parametrize("seed", range(3))
async def test_a_hundred_events_thrice_in_any_order_to_two_processes_have_one_effect(
    api: Api, other: Front, seed: int
) -> None:
    for number in range(len(ENDS)):
        await api.owner.execute(
            """
            insert into sms (direction, text, status, segments, encoding, provider, provider_message_id)
            values ('out', 'x', 'sending', 1, 'GSM-7', 'twilio', $1)
            """,
            f"SMout{number}",
        )
    clients = [api.anonymous, api.client(app=other)]
    deliveries = hundred() * 5
    chance = random.Random(seed)
    chance.shuffle(deliveries)

    async def deliver(path: str, fields: dict[str, str]) -> None:
        # what is not acknowledged is sent again
        while (await twilio.post_by(chance.choice(clients), path, **fields)).status_code == 503:
            pass

    await twilio.at_once((deliver(*each) for each in deliveries), most=500)
    await api.services.intake.stop()
    await other.services.intake.stop()
    await api.owner.execute("update webhook_event set received_at = received_at - interval '2 seconds'")
    await repository(api).sweep()

    assert await unworked(api) == 0
    assert await api.owner.fetchval("select sum(deliveries) from webhook_event") >= 500
    assert await api.owner.fetchval("select count(*) from webhook_event") == len({str(each) for each in hundred()})
    sent = await api.owner.fetch("select status from sms where direction = 'out' order by sms_id")
    assert [row["status"] for row in sent] == ENDS
    assert await api.owner.fetchval("select count(*) from sms where direction = 'in'") == 30
    calls = await api.owner.fetch(
        "select status, started_at, answered_at, ended_at from call order by provider_call_id"
    )
    times = (START, START + timedelta(seconds=10), START + timedelta(seconds=70))
    assert [tuple(call) for call in calls] == [("completed", *times)] * 10
    assert await wishes(api) == {row["e164"]: row["sms_opt_out"] for row in await numbers(api)}


async def wishes(api: Api) -> dict[str, bool]:
    """What each number wished last, by the order of first receipt."""
    rows = await api.owner.fetch(
        """
        select details -> 'number' ->> 'e164' as e164, details ->> 'opt_out' = 'true' as wish
        from webhook_event
        where details ? 'opt_out'
        order by received_at
        """
    )
    return {row["e164"]: row["wish"] for row in rows}


async def numbers(api: Api) -> list[Any]:
    rows: list[Any] = await api.owner.fetch(
        "select e164, sms_opt_out from phone_number where opt_out_decided_at is not null"
    )
    return rows


async def test_what_somebody_decides_again_stands_against_an_older_wish(api: Api) -> None:
    _, hold = await make.holder(api, NUMBER)
    await take(api, message("SM1", "STOP"))
    webhooks = repository(api)
    kept = await webhooks.keep([message("SM2", "START")])

    answer = await api.receptionist.patch(f"/phone_numbers/{hold}", json={"sms_opt_out": True})
    assert answer.status_code == 200
    await webhooks.work(kept)

    assert await api.owner.fetchval("select sms_opt_out from phone_number") is True
