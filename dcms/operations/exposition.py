"""The state that all workers share, as Prometheus reads it: asked for when it is wanted."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from dcms.operations.structs import OutboxState


def exposed_state(outbox: OutboxState | None) -> bytes:
    """Whether the database answers, and what waits in the outbox."""
    registry = CollectorRegistry()
    registry.register(_State(outbox))
    return generate_latest(registry)


class _State(Collector):
    def __init__(self, outbox: OutboxState | None) -> None:
        self._outbox = outbox

    def collect(self) -> Iterator[GaugeMetricFamily]:
        outbox = self._outbox
        yield GaugeMetricFamily("dcms_database_up", "Whether the database answers.", float(outbox is not None))
        if outbox is not None:
            yield GaugeMetricFamily("dcms_outbox_waiting", "Jobs that could be done by now.", outbox.waiting)
            yield GaugeMetricFamily(
                "dcms_outbox_oldest_age_seconds", "Since the oldest of them could be done.", outbox.oldest_age_s
            )
            yield GaugeMetricFamily("dcms_outbox_dead", "Jobs that were given up.", outbox.dead)
