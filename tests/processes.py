"""Real processes of the service for tests: servers and workers on a database, with a client for each server."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.api import JWT_KEYS
from tests.databases import application_url

READY_WITHIN_S = 30


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def environment(owner_url: str, port: int = 8000, **extra: str) -> dict[str, str]:
    """The settings of a service process on a test's database."""
    import base64

    keys = ",".join(f"{kid}:{base64.b64encode(key).decode()}" for kid, key in JWT_KEYS.items())
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("DCMS_")},
        "DATABASE_URL": application_url(owner_url),
        "DCMS_OWNER_DATABASE_URL": owner_url,
        "DCMS_JWT_KEYS": keys,
        "DCMS_PORT": str(port),
        "DCMS_LOG_LEVEL": "warning",
        **extra,
    }


@contextmanager
def server(owner_url: str, **extra: str) -> Iterator[str]:
    """A running `dcms serve`; its base URL."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "dcms", "serve"], env=environment(owner_url, port, **extra))
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}/api/v1"
    finally:
        process.terminate()
        process.wait(30)


def wait_until_ready(root: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait for the service's health."""
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until:
        assert process.poll() is None, "the process ended by itself"
        try:
            if httpx.get(f"{root}/api/v1/health", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise AssertionError("the service did not become ready")
