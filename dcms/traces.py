"""Traces by OpenTelemetry, when DCMS_TRACES_URL says where they go (OTLP over HTTP).

A span is named by the route's template, a statement's file or a job's kind. It holds no path, no query, no values and
no message of an error: patients' data stay here.
"""

import asyncio
import os
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from dcms import __version__
from dcms.settings import Settings, SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

FLUSH_WITHIN_MS = 3000


class Span:
    """Something that takes its time, from now until its `end`, within the same task."""

    __slots__ = ("_api", "_span", "_token")

    def __init__(self, traces: "Traces", name: str, kind: Any, parent: Any) -> None:
        self._api = traces.api
        self._span = traces.tracer.start_span(name, context=parent, kind=kind)
        self._token = self._api.context.attach(self._api.trace.set_span_in_context(self._span))

    def __enter__(self) -> None:
        """It has begun."""

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        """It is over."""
        self.end(error)

    def end(self, error: BaseException | None = None) -> None:
        """It is over, well or not."""
        if error is not None:
            self._span.set_status(self._api.trace.StatusCode.ERROR, type(error).__name__)
        self._api.context.detach(self._token)
        self._span.end()

    def end_request(self, name: str, status: int, request_id: str) -> None:
        """It was a request, and this is how it was answered."""
        method, _, route = name.partition(" ")
        self._span.update_name(name)
        self._span.set_attributes(
            {
                "http.request.method": method,
                "http.route": route,
                "http.response.status_code": status,
                "dcms.request_id": request_id,
            }
        )
        if status >= 500:
            self._span.set_status(self._api.trace.StatusCode.ERROR)
        self.end()


class Traces:
    """Makes spans; how they are connected is OpenTelemetry's business."""

    def __init__(self, processor: "SpanProcessor", process: str) -> None:
        from opentelemetry import context, propagate, trace
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider

        self.api = _Api(context, trace)
        self._propagate = propagate
        resource = Resource.create(
            {
                "service.name": "dcms",
                "service.version": __version__,
                "service.instance.id": f"{process}-{os.getpid()}",
            }
        )
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self.tracer = self._provider.get_tracer("dcms")

    def begin_request(self, headers: dict[bytes, bytes]) -> Span:
        """A request, as a part of its client's trace if it says so (W3C trace context)."""
        names = (b"traceparent", b"tracestate")
        carrier = {name.decode(): headers[name].decode("latin-1") for name in names if name in headers}
        return Span(self, "request", self.api.trace.SpanKind.SERVER, self._propagate.extract(carrier))

    def begin(self, name: str) -> Span:
        """A statement or a call, as a part of what the task does."""
        return Span(self, name, self.api.trace.SpanKind.CLIENT, None)

    async def close(self) -> None:
        """Send what is waiting, for some seconds at most."""
        await asyncio.to_thread(self._provider.force_flush, FLUSH_WITHIN_MS)
        await asyncio.to_thread(self._provider.shutdown)


def traced(traces: Traces | None, name: str) -> AbstractContextManager[None]:
    """A span around something, where there are traces."""
    return nullcontext() if traces is None else traces.begin(name)


class _Api:
    """OpenTelemetry's modules: loaded only where traces are wanted."""

    __slots__ = ("context", "trace")

    def __init__(self, context: Any, trace: Any) -> None:
        self.context = context
        self.trace = trace


def traces_of(settings: Settings, process: str) -> Traces | None:
    """The traces that the settings ask for. Raises SettingsError when they can't be made."""
    if settings.traces_url is None:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise SettingsError(
            "DCMS_TRACES_URL is set, but OpenTelemetry is missing: pip install 'dcms[traces]'"
        ) from None
    exporter = OTLPSpanExporter(f"{settings.traces_url.rstrip('/')}/v1/traces", timeout=FLUSH_WITHIN_MS / 1000)
    return Traces(BatchSpanProcessor(exporter), process)
