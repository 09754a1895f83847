"""How many requests a process works on at once. Past that it refuses at once, as refusing is cheap and waiting is not.

A refused client knows soon, and those that were let in are answered about as quickly as ever. What waits for its
client, such as a body that is slow to come or a stream, holds no place.
"""

from dcms.web.answers import API

# nobody waits for a connection to the database longer than fifteen others need
PLACES_PER_CONNECTION = 16
# let in always, and no burden to others: what says how the process is, and what waits in a bounded line of its own,
# see dcms/webhooks/intake.py
WITHOUT_A_PLACE = frozenset(
    {
        "/metrics",
        f"{API}/health",
        f"{API}/health/live",
        f"{API}/calls/webhook/inbound",
        f"{API}/sms/webhook/inbound",
        f"{API}/sms/webhook/status",
    }
)


class Admission:
    """Counts the requests that are being worked on, and those that were refused."""

    def __init__(self, places: int) -> None:
        self.places = places
        self.taken = 0
        self.refused = 0

    @property
    def is_full(self) -> bool:
        """Whether there is no place left."""
        return self.taken >= self.places


class Place:
    """One request's place, held while something is done for it."""

    __slots__ = ("_admission", "_has_ended", "_is_held")

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._is_held = True
        self._has_ended = False
        admission.taken += 1

    def leave(self) -> None:
        """Let another one in while this one waits for its client."""
        if self._is_held:
            self._is_held = False
            self._admission.taken -= 1

    def come_back(self) -> None:
        """Go on with what was let in before; there may be more than there are places for a moment."""
        if not self._is_held and not self._has_ended:
            self._is_held = True
            self._admission.taken += 1

    def end(self) -> None:
        """Leave for good."""
        self.leave()
        self._has_ended = True
