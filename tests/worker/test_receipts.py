"""Receipts settle what became of a message, also when its sending ended otherwise in our eyes."""

from typing import Any

import pytest

from dcms.worker.outbox import Outbox
from tests import make
from tests.api import Api
from tests.fake_twilio import FakeTwilio, first
from tests.webhooks.test_receive_sms_status import receipt
from tests.worker.conftest import as_worker
from tests.worker.test_sending import Sender, make_due, outbox, state


class Late(list[dict[str, str]]):
    """What the provider's list doesn't show yet."""

    def __reversed__(self) -> Any:
        return iter(())


@pytest.fixture
async def unlisted(api: Api, twilio: FakeTwilio) -> int:
    """A message that the provider takes without an answer, and doesn't list yet."""
    _, hold = await make.holder(api)
    message: int = (await make.sms(api, hold))["sms_id"]
    twilio.taken = Late()
    return message


async def test_a_receipt_spares_the_next_try(api: Api, sender: Sender, twilio: FakeTwilio, unlisted: int) -> None:
    twilio.behaviour = first("take_and_hang_up", "busy")
    worker = sender()
    for _ in range(2):
        await worker.work(1)
        await make_due(api)
    assert (await state(api, unlisted))["status"] == "queued"

    [sid] = twilio.sids(unlisted)
    await receipt(api, sid, "delivered", f"sms_id={unlisted}")
    await worker.work()

    delivered = await state(api, unlisted)
    assert (delivered["status"], delivered["provider_message_id"]) == ("delivered", sid)
    assert twilio.requests == 2
    assert await outbox(api) == []


async def test_a_receipt_for_what_was_given_up_counts_and_its_job_sends_nothing(
    api: Api, sender: Sender, twilio: FakeTwilio, unlisted: int
) -> None:
    twilio.behaviour = first("take_and_fail")
    worker = sender(max_attempts=1)
    await worker.work(1)
    assert (await state(api, unlisted))["status"] == "failed"

    [sid] = twilio.sids(unlisted)
    await receipt(api, sid, "sent", f"sms_id={unlisted}")
    with as_worker():
        assert len(await Outbox(api.services.database).put_back()) == 1
    await worker.work()

    sent = await state(api, unlisted)
    assert (sent["status"], sent["provider_message_id"], sent["error_code"]) == ("sent", sid, None)
    assert (twilio.requests, twilio.lookups) == (1, 0)
    assert await outbox(api) == []
