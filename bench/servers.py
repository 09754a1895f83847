"""The servers that are measured: real processes on free ports of this machine."""

import base64
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

KEY = secrets.token_bytes(32)
JWT_KEYS = f"bench:{base64.b64encode(KEY).decode()}"
TWILIO_TOKEN = secrets.token_hex(16)
READY_WITHIN_S = 60
STOP_WITHIN_S = 30
POLL_S = 0.005
HEALTH = "/api/v1/health"


class Server(msgspec.Struct, frozen=True):
    """A running server."""

    name: str
    port: int
    pid: int
    # from its start to its first healthy answer
    ready_after_s: float

    @property
    def root(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def service(database_url: str, pool_size: int, workers: int = 1, name: str = "dcms") -> Iterator[Server]:
    """`dcms serve`, with the settings of production."""
    port = free_port()
    environment = _environment(
        DATABASE_URL=database_url,
        DCMS_JWT_KEYS=JWT_KEYS,
        DCMS_PORT=str(port),
        DCMS_POOL_SIZE=str(pool_size),
        DCMS_WORKERS=str(workers),
        DCMS_TWILIO_AUTH_TOKEN=TWILIO_TOKEN,
        DCMS_PUBLIC_BASE_URL=f"http://127.0.0.1:{port}",
    )
    with _running(name, [sys.executable, "-m", "dcms", "serve"], environment, port) as server:
        yield server


@contextmanager
def reference(database_url: str, pool_size: int) -> Iterator[Server]:
    """The same endpoints by FastAPI and SQLAlchemy under uvicorn; see bench/reference/."""
    port = free_port()
    environment = _environment(
        DATABASE_URL=database_url.replace("postgresql://", "postgresql+asyncpg://"),
        JWT_KEY=base64.b64encode(KEY).decode(),
        POOL_SIZE=str(pool_size),
    )
    command = [sys.executable, "-m", "uvicorn", "bench.reference.app:app", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--loop", "uvloop", "--http", "httptools", "--log-level", "info"]
    with _running("fastapi", command, environment, port) as server:
        yield server


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def resident_mib(pid: int) -> float:
    """The memory of the largest process below one: of `dcms serve` its worker."""
    answer = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,rss="], capture_output=True, text=True, check=True)
    rows = [tuple(int(number) for number in line.split()) for line in answer.stdout.splitlines()]
    family = {pid}
    for _ in range(3):
        family |= {row[0] for row in rows if row[1] in family}
    return max(row[2] for row in rows if row[0] in family and row[0] != pid) / 1024


def _environment(**settings: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DCMS_")}
    return {**inherited, **settings}


@contextmanager
def _running(name: str, command: list[str], environment: dict[str, str], port: int) -> Iterator[Server]:
    began = time.perf_counter()
    # both write a line a request, as they do in production; nobody reads it
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_ready(process, port)
        yield Server(name, port, process.pid, time.perf_counter() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended by itself")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{HEALTH}", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(POLL_S)
    raise RuntimeError(f"{process.args!r} was not ready within {READY_WITHIN_S} s")
