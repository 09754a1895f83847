"""GET /metrics."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import msgspec

from dcms.app import create_app
from dcms.shared_measures import VARIABLE, shared_measures
from tests import make
from tests.api import Api, problem

URL = "http://testserver/metrics"
ADD_UP = """
from dcms.measures import Measures
measures = Measures(None, None, None, None)
measures.request("GET /x", 200, 0.003)
measures._pool_size.set(5)
print(measures.exposed().decode())
"""


def value(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, f"no {name} in\n{text}"
    return float(found[1])


async def scrape(api: Api) -> str:
    answer = await api.anonymous.get(URL)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return answer.text


async def test_requests_are_counted_by_template_method_and_status(api: Api) -> None:
    patient_id = (await make.patient(api, register_number="X-77123"))["patient_id"]
    series = 'dcms_requests_total{method="GET",route="/api/v1/patients/{patient_id}",status="200"}'
    await api.admin.get(f"/patients/{patient_id}")
    before = await scrape(api)

    await api.admin.get(f"/patients/{patient_id}")
    await api.admin.get("/patients/77123")
    await api.admin.request("BREW", "/teapots/77123")

    after = await scrape(api)
    assert value(after, series) == value(before, series) + 1
    assert value(after, series.replace('"200"', '"404"')) >= 1
    assert value(after, 'dcms_request_duration_seconds_count{method="GET",route="/api/v1/patients/{patient_id}"}') >= 3
    assert 'method="ANY",route="(no route)",status="404"' in after
    assert "/77123" not in after
    assert "BREW" not in after


async def test_the_pool_the_outbox_and_the_watch_are_shown(api: Api) -> None:
    await api.owner.execute(
        """
        insert into outbox (kind, payload, available_at, failed_at)
        values
            ('x', '{}', now() - interval '90 seconds', null),
            ('x', '{}', now() + interval '90 seconds', null),
            ('x', '{}', now() - interval '900 seconds', now())
        """
    )

    text = await scrape(api)

    assert value(text, "dcms_database_up") == 1
    assert value(text, "dcms_outbox_waiting") == 1
    assert 90 <= value(text, "dcms_outbox_oldest_age_seconds") < 100
    assert value(text, "dcms_outbox_dead") == 1
    assert value(text, "dcms_pool_connections") >= 0
    assert value(text, "dcms_pool_connections_in_use") >= 0
    assert value(text, "dcms_watch_age_seconds") >= 0
    assert value(text, "dcms_event_loop_lag_seconds_count") >= 0


async def test_without_a_token_only_this_machine_is_answered(api: Api) -> None:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=api.app, client=("203.0.113.7", 1))  # type: ignore[arg-type]
    ) as stranger:
        problem(await stranger.get(URL), 401, "unauthenticated")
        problem(await stranger.get(URL, headers={"X-Forwarded-For": "127.0.0.1"}), 401, "unauthenticated")
    forwarded = await api.anonymous.get(URL, headers={"X-Forwarded-For": "203.0.113.7"})
    problem(forwarded, 401, "unauthenticated")
    problem(await api.admin.post(URL), 405, "method_not_allowed")


async def test_with_a_token_it_is_asked_from_everybody_also_without_a_database(api: Api) -> None:
    app = create_app(msgspec.structs.replace(api.services.settings, metrics_token="scraper"))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, client=("203.0.113.7", 1))  # type: ignore[arg-type]
    ) as client:
        good = await client.get(URL, headers={"Authorization": "Bearer scraper"})
        for headers in ({}, {"Authorization": "Bearer scrape"}, {"Authorization": "scraper"}):
            problem(await client.get(URL, headers=headers), 401, "unauthenticated")

    assert good.status_code == 200
    assert value(good.text, "dcms_database_up") == 0


def test_several_workers_add_up_and_the_dead_leave_no_gauges(tmp_path: Path) -> None:
    texts = [
        subprocess.run(
            [sys.executable, "-c", ADD_UP],
            env={**os.environ, VARIABLE: str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(3)
    ]

    assert value(texts[-1], 'dcms_requests_total{method="GET",route="/x",status="200"}') == 3
    assert value(texts[-1], 'dcms_request_duration_seconds_bucket{le="0.005",method="GET",route="/x"}') == 3
    assert value(texts[-1], "dcms_pool_connections") == 5


def test_the_folder_of_several_workers_is_gone_afterwards() -> None:
    with shared_measures(1):
        assert VARIABLE not in os.environ
    with shared_measures(2):
        folder = Path(os.environ[VARIABLE])
        assert folder.is_dir()

    assert VARIABLE not in os.environ
    assert not folder.exists()
