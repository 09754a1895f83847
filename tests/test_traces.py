"""Traces show what a request did, and nothing of patients."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from dcms.settings import Settings
from dcms.traces import Traces, traces_of
from tests import make
from tests.api import JWT_KEYS, Api


@pytest.fixture
async def exporter(api: Api, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    traces = Traces(SimpleSpanProcessor(exporter), "test")
    monkeypatch.setattr(api.app, "traces", traces)
    monkeypatch.setattr(api.app.services.database, "traces", traces)
    yield exporter
    await traces.close()


def spans(exporter: InMemorySpanExporter, of_request: str) -> list[ReadableSpan]:
    """A request's span and those within it, its own the last."""
    finished = exporter.get_finished_spans()
    request = next(each for each in finished if (each.attributes or {}).get("dcms.request_id") == of_request)
    assert request.context is not None
    return [each for each in finished if each.context and each.context.trace_id == request.context.trace_id]


async def test_a_request_and_its_statement_are_one_trace(api: Api, exporter: InMemorySpanExporter) -> None:
    patient = await make.patient(api)
    answer = await api.admin.get(f"/patients/{patient['patient_id']}")
    statement, request = spans(exporter, answer.headers["x-request-id"])

    assert (statement.name, request.name) == ("patients/get.sql", "GET /api/v1/patients/{patient_id}")
    assert statement.parent == request.context
    assert dict(request.attributes or {}) == {
        "http.request.method": "GET",
        "http.route": "/api/v1/patients/{patient_id}",
        "http.response.status_code": 200,
        "dcms.request_id": answer.headers["x-request-id"],
    }


async def test_a_clients_trace_goes_on(api: Api, exporter: InMemorySpanExporter) -> None:
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"}
    answer = await api.admin.get("/chairs", headers=headers)

    assert {each.context.trace_id for each in spans(exporter, answer.headers["x-request-id"]) if each.context} == {
        int(trace_id, 16)
    }


async def test_what_patients_said_is_in_no_span(api: Api, exporter: InMemorySpanExporter) -> None:
    await make.patient(api, last_name="Geheimnis", register_number="X-4711")
    await api.admin.post("/patients", json={"first_name": "A", "last_name": "Geheimnis", "register_number": "X-4711"})
    await api.admin.get("/patients", params={"query": "Geheimnis"})
    told = "".join(each.to_json() for each in exporter.get_finished_spans())

    assert "patients/add.sql" in told
    assert "UniqueViolationError" in told
    assert "eheimnis" not in told
    assert "X-4711" not in told


async def test_they_go_where_the_settings_say() -> None:
    arrived: list[str] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    collector = await asyncio.start_server(take, "127.0.0.1", 0)
    port = collector.sockets[0].getsockname()[1]
    settings = Settings(
        database_url="", owner_database_url="", jwt_keys=JWT_KEYS, traces_url=f"http://127.0.0.1:{port}/"
    )
    traces = traces_of(settings, "test")
    assert traces is not None
    with traces.begin("patients/get.sql"):
        pass
    await traces.close()
    collector.close()

    assert [head.split("\r\n")[0] for head in arrived] == ["POST /v1/traces HTTP/1.1"]
    assert "application/x-protobuf" in arrived[0]


def test_without_an_address_there_are_no_traces() -> None:
    settings = Settings(database_url="", owner_database_url="", jwt_keys=JWT_KEYS)

    assert traces_of(settings, "test") is None
