"""A worker process with short times, so that a killed one's messages are found soon."""

import asyncio
import signal
import sys

from dcms.settings import Settings
from dcms.worker.options import Options
from dcms.worker.process import run_worker
from tests.fake_twilio import ACCOUNT, SENDER, TOKEN

OPTIONS = Options(
    poll_s=0.05, lease_s=4.0, begin_before_s=1.5, backoff_s=0.2, max_backoff_s=1.0, max_attempts=30, sweep_s=0.3
)


async def main(database_url: str, twilio_url: str) -> None:
    """Work until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = Settings(
        database_url=database_url,
        owner_database_url=database_url,
        jwt_keys={},
        public_base_url="https://clinic.example",
        sms_provider="twilio",
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=TOKEN,
        twilio_from=SENDER,
        twilio_api_base_url=twilio_url,
    )
    await run_worker(settings, stop, OPTIONS)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
