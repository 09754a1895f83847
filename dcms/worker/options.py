"""How a worker goes about it."""

import random

import msgspec


class Options(msgspec.Struct, frozen=True):
    """Times and limits of a worker."""

    # how often it looks for work when there was none
    poll_s: float = 0.5
    # how long a claimed job is its own; longer than a provider may take to answer
    lease_s: float = 60.0
    # how much of a lease must be left to begin with a message
    begin_before_s: float = 20.0
    # messages on their way at once
    concurrency: int = 32
    max_attempts: int = 12
    backoff_s: float = 2.0
    max_backoff_s: float = 900.0
    # how long it goes on with what is in flight after it is told to stop
    grace_s: float = 20.0
    sweep_s: float = 1.0
    sealing_s: float = 2.0
    housekeeping_s: float = 3600.0

    def delay_s(self, attempts: int, at_least_s: float = 0) -> float:
        """How long to wait after so many attempts: twice as long each time, and never all at once."""
        longest = min(self.max_backoff_s, self.backoff_s * 2.0 ** min(attempts - 1, 30))
        return max(at_least_s, longest) * random.uniform(0.75, 1.25)  # noqa: S311
