"""What the service measures of itself, for Prometheus: no names, no ids, nothing of patients.

With one worker everything is in this process; with several they add up in a folder, see dcms/shared_measures.py.
"""

import asyncio
import os
from pathlib import Path

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from dcms.access.watch import Watch
from dcms.database.pool import Database
from dcms.database.standby import Standby
from dcms.shared_measures import VARIABLE
from dcms.tasks import end
from dcms.web.admission import Admission

INTERVAL_S = 1.0
# what matches no route: clients choose such methods and paths, so they are no labels
NO_ROUTE = "ANY (no route)"
# of a request whose client hung up before it was answered
GONE = 499
DURATIONS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
LAGS_S = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1)

log = structlog.get_logger()

disable_created_metrics()  # type: ignore[no-untyped-call]


class Measures:
    """Counts requests as they end, and looks at the process once a second."""

    def __init__(self, database: Database, watch: Watch, admission: Admission, standby: Standby | None) -> None:
        self._database = database
        self._standby = standby
        self._watch = watch
        self._admission = admission
        # what was counted of them so far
        self._refusals_told = 0
        self._task: asyncio.Task[None] | None = None
        self._folder = os.environ.get(VARIABLE)
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "dcms_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self._durations = Histogram(
            "dcms_request_duration_seconds",
            "How long requests took.",
            ["method", "route"],
            buckets=DURATIONS_S,
            registry=self.registry,
        )
        self._lag = Histogram(
            "dcms_event_loop_lag_seconds",
            "By how much the event loop was late, looked at once a second.",
            buckets=LAGS_S,
            registry=self.registry,
        )
        self._pool_size = self._gauge("dcms_pool_connections", "Connections of the pools.", "livesum")
        self._pool_in_use = self._gauge("dcms_pool_connections_in_use", "Those in use.", "livesum")
        self._running = self._gauge("dcms_requests_running", "Requests that are being worked on.", "livesum")
        self._refused = Counter(
            "dcms_requests_refused", "Requests refused as too many were running.", registry=self.registry
        )
        self._watch_age = self._gauge("dcms_watch_age_seconds", "Since a worker last read who may do what.", "livemax")
        if standby is not None:
            self._staleness = self._gauge(
                "dcms_standby_staleness_seconds",
                "How old what the standby shows may be; infinite: not used.",
                "livemax",
            )
        # looking children up by their labels takes longer than counting
        self._known: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    def request(self, name: str, status: int, duration_s: float) -> None:
        """Count a request by `METHOD template`, or NO_ROUTE."""
        known = self._known.get((name, status))
        if known is None:
            method, _, route = name.partition(" ")
            known = self._requests.labels(method, route, str(status or GONE)), self._durations.labels(method, route)
            self._known[name, status] = known
        known[0].inc()
        known[1].observe(duration_s)

    async def start(self) -> None:
        """Begin looking."""
        self._task = asyncio.create_task(self._look_for_ever())

    async def stop(self) -> None:
        """End looking."""
        await end(self._task)

    def exposed(self) -> bytes:
        """Everything, of all workers, as Prometheus reads it."""
        if self._folder is None:
            return generate_latest(self.registry)
        for file in Path(self._folder).glob("gauge_live*.db"):
            pid = int(file.stem.rpartition("_")[2])
            if not _is_alive(pid):
                mark_process_dead(pid, self._folder)  # type: ignore[no-untyped-call]
        registry = CollectorRegistry()
        MultiProcessCollector(registry, self._folder)  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    async def _look_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            size, idle = self._database.pool_state
            self._pool_size.set(size)
            self._pool_in_use.set(size - idle)
            self._watch_age.set(self._watch.age_s)
            if self._standby is not None:
                self._staleness.set(self._standby.staleness_s)
            self._running.set(self._admission.taken)
            self._tell_refusals()
            due = loop.time() + INTERVAL_S
            await asyncio.sleep(INTERVAL_S)
            self._lag.observe(max(0.0, loop.time() - due))

    def _tell_refusals(self) -> None:
        """One line a second at the most: a line for each would be work for what is refused to save work."""
        refused = self._admission.refused - self._refusals_told
        if refused:
            self._refusals_told += refused
            self._refused.inc(refused)
            log.warning("overloaded", refused=refused, running=self._admission.taken)

    def _gauge(self, name: str, text: str, mode: str) -> Gauge:
        return Gauge(name, text, multiprocess_mode=mode, registry=self.registry)  # type: ignore[arg-type]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
