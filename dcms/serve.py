"""The HTTP server: granian with as many worker processes as the settings say."""

import resource

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from dcms.settings import Settings
from dcms.shared_measures import shared_measures

BACKLOG = 2048
# connections a worker has at once, idle ones too; the rest wait in the backlog. Few of them get a place, see
# dcms/web/admission.py, but all are answered
MAX_CONNECTIONS = 4096
# files beside connections
OTHER_FILES = 256
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
        backpressure=_connections(),
        workers_kill_timeout=KILL_TIMEOUT_S,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
    )
    with shared_measures(settings.workers):
        server.serve()


def _connections() -> int:
    """How many connections a worker may have, as far as the system lets it open them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else min(MAX_CONNECTIONS, soft - OTHER_FILES)
