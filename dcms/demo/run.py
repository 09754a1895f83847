"""`dcms demo`: a clinic to try things on, with a database of its own, for this machine only."""

import base64
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import psycopg

from dcms.database.cluster import Cluster, ClusterError
from dcms.database.migrate import migrate
from dcms.demo.seed import PASSWORD, USERS, is_empty, seed
from dcms.paths import PROJECT_DIR
from dcms.settings import Settings, read_settings

DATABASE = "dcms"
SERVICE_ROLE = "dcms_app"
TWILIO_TOKEN = "dcms-demo-token"  # noqa: S105
READY_WITHIN_S = 60
STOP_WITHIN_S = 20


def run_demo(scale: int) -> int:
    """Run database, API and worker until Ctrl-C or SIGTERM; 0 when all ended well."""
    if os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE"):
        print("The demo has a database of its own: DATABASE_URL is not used.")
    data_dir = Path(os.environ.get("DCMS_DATA_DIR") or PROJECT_DIR / ".dcms").expanduser().resolve()
    settings = read_settings(_environment(data_dir, "postgresql:///"))
    if not _is_loopback(settings.host):
        print(
            f"The demo's passwords are known to everybody, so it listens on this machine only, not on {settings.host}."
        )
        return 2
    with _stoppable() as stop, _database(data_dir, scale) as url:
        return _run_processes(_environment(data_dir, url), settings, stop)


class _Stop:
    """Whether somebody asked the demo to end."""

    asked = False


@contextlib.contextmanager
def _stoppable() -> Iterator[_Stop]:
    stop = _Stop()

    def ask(_signal: int, _frame: object) -> None:
        stop.asked = True

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _database(data_dir: Path, scale: int) -> Iterator[str]:
    """The running, migrated and filled database, for the service's role."""
    data_dir.mkdir(parents=True, exist_ok=True)
    cluster = Cluster(data_dir / "postgres")
    print("Starting the database …", flush=True)
    try:
        cluster.start()
    except ClusterError as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from None
    try:
        with psycopg.connect(cluster.url(), autocommit=True) as owner:
            if owner.execute("select from pg_database where datname = %s", [DATABASE]).fetchone() is None:
                owner.execute(f"create database {DATABASE}")
        migrate(cluster.url(DATABASE))
        with psycopg.connect(cluster.url(), autocommit=True) as owner:
            owner.execute(f"alter role {SERVICE_ROLE} login")
        if is_empty(cluster.url(DATABASE)):
            print("Filling the demo clinic …", flush=True)
            seed(cluster.url(DATABASE), scale)
        yield cluster.url(DATABASE, SERVICE_ROLE)
    finally:
        cluster.stop()


def _environment(data_dir: Path, url: str) -> dict[str, str]:
    defaults = {
        "DCMS_TWILIO_AUTH_TOKEN": TWILIO_TOKEN,
        "DCMS_LOG_FORMAT": "console",
        "DCMS_LOG_LEVEL": "warning",
        "DCMS_JWT_KEYS": _jwt_keys(data_dir),
    }
    given = {name: value for name, value in os.environ.items() if name != "DATABASE_URL_FILE"}
    needed = {name: value for name, value in defaults.items() if f"{name}_FILE" not in given}
    return {**needed, **given, "DATABASE_URL": url, "DCMS_DATA_DIR": str(data_dir)}


def _jwt_keys(data_dir: Path) -> str:
    """The demo's own key, made once."""
    file = data_dir / "jwt_keys"
    if not file.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(f"demo:{base64.b64encode(secrets.token_bytes(32)).decode()}")
    return file.read_text()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _run_processes(environment: dict[str, str], settings: Settings, stop: _Stop) -> int:
    processes = {
        name: subprocess.Popen([sys.executable, "-m", "dcms", name], env=environment, start_new_session=True)
        for name in ("serve", "worker")
    }
    try:
        is_told = False
        started = time.monotonic()
        while not stop.asked:
            ended = [name for name, process in processes.items() if process.poll() is not None]
            if ended:
                print(
                    f"`dcms {ended[0]}` ended by itself; see above. Is the port {settings.port} taken?", file=sys.stderr
                )
                return 1
            if not is_told and _is_ready(settings):
                is_told = True
                _tell(settings)
            if not is_told and time.monotonic() - started > READY_WITHIN_S:
                print("The service is not ready yet; see above.", file=sys.stderr)
                return 1
            time.sleep(0.2)
        print("Stopping …", flush=True)
        return 0
    finally:
        _end(list(processes.values()))


def _is_ready(settings: Settings) -> bool:
    try:
        with urllib.request.urlopen(f"http://{_address(settings)}/api/v1/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _address(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{host}:{settings.port}"


def _tell(settings: Settings) -> None:
    url = f"http://{_address(settings)}"
    print(
        f"""
dcms is ready: a demo clinic, on this machine only.

  API            {url}/api/v1
  documentation  {url}/schema
  home page      {url}/home
  logins         {", ".join(user.username for user in USERS)}
  password       {PASSWORD}

Ctrl-C ends it; what you change stays for the next time (make clean forgets it).
""",
        flush=True,
    )


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
