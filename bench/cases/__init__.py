"""The cases of `make bench`, in the order in which they run."""

from collections.abc import Callable

from bench.arena import Arena
from bench.cases.availability import availability
from bench.cases.bookings import booking
from bench.cases.processes import memory, start, workers
from bench.cases.readings import day, page, patient
from bench.cases.webhooks import webhook
from bench.rounds import Result

Case = Callable[[Arena], Result]

CASES: dict[str, Case] = {
    "patient": patient,
    "page": page,
    "day": day,
    "booking": booking,
    "webhook": webhook,
    "availability": availability,
    "workers": workers,
    "start": start,
    "memory": memory,
}
