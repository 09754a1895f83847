"""The state that all workers share, as Prometheus reads it: asked for when it is wanted."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from dcms.operations.structs import Backlog


def exposed_state(backlog: Backlog | None) -> bytes:
    """Whether the database answers, and what waits for a worker."""
    registry = CollectorRegistry()
    registry.register(_State(backlog))
    return generate_latest(registry)


class _State(Collector):
    def __init__(self, backlog: Backlog | None) -> None:
        self._backlog = backlog

    def collect(self) -> Iterator[GaugeMetricFamily]:
        backlog = self._backlog
        yield GaugeMetricFamily("dcms_database_up", "Whether the database answers.", float(backlog is not None))
        if backlog is None:
            return
        for name, text, value in (
            ("dcms_outbox_waiting", "Jobs that could be done by now.", backlog.outbox_waiting),
            (
                "dcms_outbox_oldest_age_seconds",
                "Since the oldest of them could be done.",
                backlog.outbox_oldest_age_s,
            ),
            ("dcms_outbox_dead", "Jobs that were given up.", backlog.outbox_given_up),
            ("dcms_webhooks_waiting", "Events kept that could be worked on by now.", backlog.webhooks_waiting),
            ("dcms_webhooks_oldest_age_seconds", "Since the oldest of them came.", backlog.webhooks_oldest_age_s),
            (
                "dcms_audit_unsealed_age_seconds",
                "Since the oldest entry of the audit log that has no seal.",
                backlog.audit_unsealed_age_s,
            ),
        ):
            yield GaugeMetricFamily(name, text, value)
