"""The endpoints for operators: health, version, metrics."""

import asyncio
import hmac
from ipaddress import ip_address

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from prometheus_client import CONTENT_TYPE_LATEST

from dcms import __version__
from dcms.access.permissions import Permission
from dcms.measures import Measures
from dcms.operations.exposition import exposed_state
from dcms.operations.probe import Probe
from dcms.operations.structs import Alive, Health, Version
from dcms.web.answers import Answer
from dcms.web.problems import Unauthenticated
from dcms.web.requests import ApiRequest

FORWARDED = ("forwarded", "x-forwarded-for")


class HealthController(Controller):
    """Whether the service is well, and which it is."""

    tags = ("operations",)

    @get("/health", permission=Permission.PUBLIC, also={503: "Not ready: what is wrong, and Retry-After."})
    async def get_health(self, probe: NamedDependency[Probe]) -> Response[Health]:
        """Say whether the service is ready: the database answers and has every migration; else the same with 503."""
        health = await probe.health()
        if health.status == "ok":
            return Answer(health)
        return Answer(health, status_code=503, headers={"Retry-After": "1"})

    @get("/health/live", permission=Permission.PUBLIC)
    async def get_liveness(self) -> Alive:
        """Say that the process answers, without asking the database."""
        return Alive("ok", __version__)

    @get("/version", permission=Permission.PUBLIC)
    async def get_version(self, build: NamedDependency[Version]) -> Version:
        """Say which program this is; null for what its build didn't say."""
        return build


class MetricsController(Controller):
    """Measures for Prometheus."""

    path = "/metrics"
    include_in_schema = False

    @get("/", permission=Permission.PUBLIC)
    async def get_metrics(
        self, request: ApiRequest, measures: NamedDependency[Measures], probe: NamedDependency[Probe]
    ) -> Response[bytes]:
        """Give what the service measures of itself, to who has the token, or without one to this machine only."""
        _check_scraper(request, request.app.state.services.settings.metrics_token)
        text = await asyncio.to_thread(measures.exposed) + exposed_state(await probe.backlog())
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _check_scraper(request: ApiRequest, token: str | None) -> None:
    if token is not None:
        sent = request.headers.get("authorization", "")
        if not hmac.compare_digest(sent.encode(), f"Bearer {token}".encode()):
            raise Unauthenticated("Send the token of the metrics: Authorization: Bearer …")
        return
    # a proxy on this machine that nobody told us of would make everybody local
    is_forwarded = any(name in request.headers for name in FORWARDED)
    address = request.context.ip
    if is_forwarded or address is None or not ip_address(address).is_loopback:
        raise Unauthenticated("Without DCMS_METRICS_TOKEN the metrics are for this machine only.")
