"""POST /sms/webhook/status."""

import itertools
import random
from typing import Any

import pytest

from tests import make
from tests.api import Api, bad_fields
from tests.webhooks import twilio
from tests.webhooks.test_receive_sms import sweep
from tests.webhooks.twilio import STATUS


async def receipt(api: Api, sid: str, status: str, query: str = "", **fields: str) -> None:
    answer = await twilio.post(api, STATUS, query, MessageSid=sid, MessageStatus=status, **fields)
    assert (answer.status_code, answer.content) == (204, b""), answer.text


async def sent(api: Api, sid: str | None = "SM1", status: str = "sent") -> int:
    """A message as the worker leaves it."""
    _, hold = await make.holder(api)
    message = await make.sms(api, hold)
    await api.owner.execute(
        """
        update sms set status = $2, provider = 'twilio', provider_message_id = $3,
            sent_at = case when $2 = 'sent' then now() end, sending_at = now()
        where sms_id = $1
        """,
        message["sms_id"],
        status,
        sid,
    )
    sms_id: int = message["sms_id"]
    return sms_id


async def state(api: Api, sms_id: int) -> dict[str, Any]:
    message: dict[str, Any] = (await api.doctor.get(f"/sms/{sms_id}")).json()
    return message


async def test_a_receipt_takes_a_message_further(api: Api) -> None:
    sms_id = await sent(api)

    await receipt(api, "SM1", "delivered")

    message = await state(api, sms_id)
    assert message["status"] == "delivered"
    assert message["delivered_at"] is not None
    assert message["error_code"] is None


async def test_a_failure_has_its_code(api: Api) -> None:
    sms_id = await sent(api)

    await receipt(api, "SM1", "undelivered", ErrorCode="30003")

    message = await state(api, sms_id)
    assert (message["status"], message["error_code"], message["delivered_at"]) == ("undelivered", "30003", None)


@pytest.mark.parametrize("order", itertools.permutations(["queued", "sent", "delivered"]))
async def test_any_order_ends_the_same(api: Api, order: tuple[str, ...]) -> None:
    sms_id = await sent(api)

    for status in order * 2:
        await receipt(api, "SM1", status)

    assert (await state(api, sms_id))["status"] == "delivered"
    assert await api.owner.fetchval("select count(*) from webhook_event where worked_at is null") == 0


@pytest.mark.parametrize("first, second", itertools.permutations(["delivered", "undelivered", "failed"], 2))
async def test_what_is_final_stays(api: Api, first: str, second: str) -> None:
    sms_id = await sent(api)

    for status in (first, second, "sent"):
        await receipt(api, "SM1", status)

    assert (await state(api, sms_id))["status"] == first


async def test_a_receipt_before_the_message_s_row_is_applied_when_it_comes(api: Api) -> None:
    await receipt(api, "SM1", "delivered")
    await sweep(api)
    sms_id = await sent(api)
    assert (await state(api, sms_id))["status"] == "sent"

    await api.owner.execute("update webhook_event set received_at = received_at - interval '2 seconds'")
    await sweep(api)

    assert (await state(api, sms_id))["status"] == "delivered"


async def test_a_receipt_that_names_our_message_does_not_need_the_provider_s_id(api: Api) -> None:
    sms_id = await sent(api, None, "sending")

    await receipt(api, "SM1", "sent", f"sms_id={sms_id}")

    message = await state(api, sms_id)
    assert (message["status"], message["provider_message_id"]) == ("sent", "SM1")
    assert message["sent_at"] is not None


@pytest.mark.parametrize("status", ["queued", "sending", "failed"])
@pytest.mark.parametrize("told", ["sending", "sent", "delivered", "undelivered", "failed"])
async def test_a_receipt_that_names_our_message_counts_whatever_we_made_of_the_answer(
    api: Api, status: str, told: str
) -> None:
    sms_id = await sent(api, None, status)
    await api.owner.execute("update sms set error_code = 'http_503'")

    await receipt(api, "SM1", told, f"sms_id={sms_id}")

    message = await state(api, sms_id)
    assert (message["status"], message["provider_message_id"], message["error_code"]) == (told, "SM1", None)
    assert await api.owner.fetchval("select count(*) from webhook_event where worked_at is null") == 0


async def test_a_receipt_whose_work_failed_finds_our_message_in_the_sweep(api: Api) -> None:
    sms_id = await sent(api, None, "sent")
    await api.owner.execute("update sms set provider_message_id = 'SM2'")
    await receipt(api, "SM1", "delivered", f"sms_id={sms_id}")
    await api.owner.execute("update webhook_event set received_at = received_at - interval '2 seconds'")
    await sweep(api)
    assert (await state(api, sms_id))["status"] == "sent"

    await api.owner.execute("update sms set provider_message_id = null, status = 'failed'")
    await sweep(api)

    message = await state(api, sms_id)
    assert (message["status"], message["provider_message_id"]) == ("delivered", "SM1")


@pytest.mark.parametrize("days, status", [(6, "delivered"), (8, "sent")])
async def test_a_receipt_waits_seven_days_for_its_message(api: Api, days: int, status: str) -> None:
    await receipt(api, "SM1", "delivered")
    sms_id = await sent(api)

    await api.owner.execute(
        "update webhook_event set received_at = received_at - make_interval(days => $1::integer)", days
    )
    await sweep(api)

    assert (await state(api, sms_id))["status"] == status


@pytest.mark.parametrize("status", ["sent", "failed"])
async def test_a_receipt_never_takes_over_another_message(api: Api, status: str) -> None:
    sms_id = await sent(api, "SM2", status)

    await receipt(api, "SM1", "delivered", f"sms_id={sms_id}")

    message = await state(api, sms_id)
    assert (message["status"], message["provider_message_id"]) == (status, "SM2")


async def test_a_receipt_for_one_message_that_names_another_is_the_first_one_s(api: Api) -> None:
    named = await sent(api, None, "queued")
    sms_id = await sent(api)

    await receipt(api, "SM1", "delivered", f"sms_id={named}")

    assert (await state(api, sms_id))["status"] == "delivered"
    assert (await state(api, named))["provider_message_id"] is None


@pytest.mark.parametrize("change", ["status = 'canceled'", "sending_at = null"])
async def test_a_receipt_that_names_what_never_began_or_was_canceled_waits(api: Api, change: str) -> None:
    sms_id = await sent(api, None, "queued")
    await api.owner.execute(f"update sms set {change}")
    before = await state(api, sms_id)

    await receipt(api, "SM1", "delivered", f"sms_id={sms_id}")

    assert await state(api, sms_id) == before
    assert await api.owner.fetchval("select count(*) from webhook_event where worked_at is null") == 1


async def test_events_three_times_in_random_order_end_as_once_in_order(api: Api) -> None:
    ends = ["delivered", "undelivered", "failed", "sent"] * 5
    events = [(f"SM{number}", status) for number, end in enumerate(ends) for status in ("sending", "sent", end)] * 3
    random.Random(1).shuffle(events)
    early, late = events[: len(events) // 10], events[len(events) // 10 :]

    await twilio.at_once(receipt(api, *event) for event in early)
    sms_ids = [await sent(api, f"SM{number}") for number in range(len(ends))]
    await twilio.at_once(receipt(api, *event) for event in late)
    await api.owner.execute("update webhook_event set received_at = received_at - interval '2 seconds'")
    await sweep(api)

    assert [(await state(api, sms_id))["status"] for sms_id in sms_ids] == ends
    assert await api.owner.fetchval("select count(*) from webhook_event where worked_at is null") == 0


async def test_an_unknown_status_is_kept_and_changes_nothing(api: Api) -> None:
    sms_id = await sent(api)

    await receipt(api, "SM1", "partially_delivered")

    assert (await state(api, sms_id))["version"] == 2
    assert await api.owner.fetchval("select count(*) from webhook_event where worked_at is not null") == 1


async def test_what_is_no_receipt_is_400(api: Api) -> None:
    assert bad_fields(await twilio.post(api, STATUS, MessageSid="SM1")) == {"MessageStatus"}
    assert bad_fields(await twilio.post(api, STATUS, MessageStatus="sent")) == {"MessageSid"}
    for query in ("sms_id=", "sms_id=x", "sms_id=99999999999999999999", "sms_id=0"):
        await receipt(api, "SM1", "sent", query, ErrorCode="x" * 100)
    bad = await twilio.post(api, STATUS, MessageSid="SM1", MessageStatus="sent\0", ErrorCode="\0")
    assert bad.status_code == 400


async def test_as_json(api: Api) -> None:
    sms_id = await sent(api)

    answer = await twilio.post_json(api, STATUS, {"MessageSid": "SM1", "MessageStatus": "failed", "ErrorCode": 30003})

    assert answer.status_code == 204
    assert (await state(api, sms_id))["error_code"] == "30003"
