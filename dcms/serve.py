"""The HTTP server: granian with as many worker processes as the settings say."""

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from dcms.settings import Settings
from dcms.shared_measures import shared_measures

BACKLOG = 2048
# requests a worker takes at once; the rest wait in the backlog
MAX_CONCURRENT = 512
HEADER_TIMEOUT_MS = 10_000
KILL_TIMEOUT_S = 15


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; running requests are finished first."""
    server = Granian(
        "dcms.asgi:create",
        factory=True,
        interface=Interfaces.ASGI,
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS, pipeline_flush=False),
        websockets=False,
        backlog=BACKLOG,
        backpressure=MAX_CONCURRENT,
        workers_kill_timeout=KILL_TIMEOUT_S,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
    )
    with shared_measures(settings.workers):
        server.serve()
