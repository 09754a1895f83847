"""A worker that does what is due when told to."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from dcms.context import Context, current_context
from dcms.sms.providers.console import ConsoleProvider
from dcms.sms.providers.provider import Provider
from dcms.sms.providers.twilio import TwilioProvider
from dcms.worker.dispatcher import Dispatcher
from dcms.worker.options import Options
from tests.api import Api
from tests.fake_twilio import ACCOUNT, SENDER, TOKEN, FakeTwilio

OPTIONS = Options(poll_s=0.01, lease_s=30.0, backoff_s=0.0, max_backoff_s=0.0, max_attempts=5, grace_s=2.0)


class Worker:
    """Does all that is due, and comes back."""

    def __init__(self, api: Api, provider: Provider, options: Options = OPTIONS) -> None:
        self.provider = provider
        self.dispatcher = Dispatcher(api.services.database, provider, options)

    async def work(self, rounds: int = 20) -> None:
        """Do what is due, and what is put off to at once."""
        with as_worker():
            for _ in range(rounds):
                more = await self.dispatcher.step()
                running = bool(self.dispatcher._running)
                await self.dispatcher.drain()
                if not more and not running:
                    break


@contextmanager
def as_worker() -> Iterator[None]:
    """Act as a worker does: for nobody."""
    token = current_context.set(Context("worker"))
    try:
        yield
    finally:
        current_context.reset(token)


@pytest.fixture
def worker(api: Api) -> Worker:
    """A worker whose messages go to the log."""
    return Worker(api, ConsoleProvider())


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    """A Twilio on the loopback."""
    async with FakeTwilio() as running:
        yield running


@pytest.fixture
async def sender(api: Api, twilio: FakeTwilio) -> AsyncIterator[Callable[..., Worker]]:
    """Makes workers that send through it."""
    settings = msgspec.structs.replace(
        api.services.settings,
        sms_provider="twilio",
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=TOKEN,
        twilio_from=SENDER,
        twilio_api_base_url=twilio.url,
    )
    made: list[Worker] = []

    def make(**options: Any) -> Worker:
        made.append(Worker(api, TwilioProvider(settings), msgspec.structs.replace(OPTIONS, **options)))
        return made[-1]

    yield make
    for each in made:
        await each.provider.close()
