"""A message that somebody deletes after its first try doesn't go out any more."""

from typing import Any

import pytest

from dcms.sms.providers.console import ConsoleProvider
from dcms.sms.providers.provider import NotNow, Outgoing
from dcms.worker.outbox import Outbox
from tests import make
from tests.api import Api
from tests.fake_twilio import FakeTwilio, first
from tests.worker.conftest import Worker, as_worker
from tests.worker.test_sending import Sender, make_due, outbox, state


async def delete(api: Api, sms_id: int) -> None:
    answer = await api.receptionist.delete(f"/sms/{sms_id}")
    assert answer.status_code == 204, answer.text


async def end_of(api: Api, sms_id: int) -> tuple[Any, ...]:
    """(status, error_code, is_deleted) of a message that no longer shows."""
    row: Any = await api.owner.fetchrow(
        "select status, error_code, deleted_at is not null from sms where sms_id = $1", sms_id
    )
    return tuple(row)


class Busy(ConsoleProvider):
    """Refuses once, after the message was deleted."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.asked: list[int] = []

    async def send(self, message: Outgoing) -> str:
        self.asked.append(message.sms_id)
        if len(self.asked) == 1:
            await delete(self.api, message.sms_id)
            raise NotNow("busy")
        return await super().send(message)


async def test_deleted_on_its_way_and_refused_for_now_it_is_not_tried_again(api: Api) -> None:
    _, hold = await make.holder(api)
    sms_id = (await make.sms(api, hold))["sms_id"]
    provider = Busy(api)
    worker = Worker(api, provider)

    await worker.work(1)
    await make_due(api)
    await worker.work()

    assert provider.asked == [sms_id]
    assert await end_of(api, sms_id) == ("canceled", None, True)
    assert await outbox(api) == []


@pytest.mark.parametrize(
    "manner, end", [("hang_up", ("canceled", None, True)), ("take_and_hang_up", ("sent", None, True))]
)
async def test_one_that_may_have_been_taken_is_asked_for_first(
    api: Api, sender: Sender, twilio: FakeTwilio, manner: str, end: tuple[Any, ...]
) -> None:
    _, hold = await make.holder(api)
    sms_id = (await make.sms(api, hold))["sms_id"]
    twilio.behaviour = first(manner)
    worker = sender()
    await worker.work(1)
    assert (await state(api, sms_id))["status"] == "sending"

    await delete(api, sms_id)
    await make_due(api)
    await worker.work()

    assert (twilio.requests, twilio.lookups) == (1, 1)
    assert await end_of(api, sms_id) == end
    assert await outbox(api) == []


async def test_one_that_failed_is_not_sent_when_its_job_is_put_back(
    api: Api, sender: Sender, twilio: FakeTwilio
) -> None:
    _, hold = await make.holder(api)
    sms_id = (await make.sms(api, hold))["sms_id"]
    twilio.behaviour = first("reject")
    worker = sender()
    await worker.work()
    await delete(api, sms_id)

    with as_worker():
        assert len(await Outbox(api.services.database).put_back()) == 1
    await worker.work()

    assert twilio.requests == 1
    assert await end_of(api, sms_id) == ("canceled", None, True)
    assert await outbox(api) == []


async def test_a_deleted_reminder_is_dropped_for_good(api: Api) -> None:
    patient_id, _ = await make.holder(api)
    appointment = await make.appointment(api, patient_id=patient_id)
    provider = Busy(api)
    worker = Worker(api, provider)
    await worker.work()
    await make_due(api)
    await worker.work(1)

    # what is planned anew finds it no longer wanted for another reason, and then wanted again
    for opts_out in (True, False):
        await api.owner.execute("update phone_number set sms_opt_out = $1", opts_out)
        await api.owner.execute("update outbox set available_at = now() + interval '1 hour' where kind = 'sms.send'")
        await worker.work()
    await make_due(api)
    await worker.work()

    assert len(provider.asked) == 1
    rows = await api.owner.fetch(
        "select status, error_code from sms where appointment_id = $1", appointment["appointment_id"]
    )
    assert [tuple(row) for row in rows] == [("canceled", None)]
