"""An upgrade as docs/operations.md has it, under load: the old version on the new schema, then one by one the new.

The old version is the commit before the newest migration came, or DCMS_FAULT_UPGRADE_FROM. The load goes on for
DCMS_FAULT_SECONDS in each state.
"""

import asyncio
import datetime
import os
import random
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from dcms.paths import PROJECT_DIR
from tests.databases import drop_database, fresh_database, running_cluster, template_database
from tests.faults.clinic import Server
from tests.processes import environment

pytestmark = pytest.mark.faults

SECONDS = float(os.environ.get("DCMS_FAULT_SECONDS", "2"))
CLIENTS = 6


def git(*arguments: str) -> str:
    """What git says, or nothing where there is no history."""
    done = subprocess.run(["git", *arguments], cwd=PROJECT_DIR, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def old_commit() -> str:
    """The commit to upgrade from."""
    given = os.environ.get("DCMS_FAULT_UPGRADE_FROM")
    came_with = git("log", "-1", "--diff-filter=A", "--format=%H", "--", "migrations/*.sql")
    return git("rev-parse", "--verify", "--quiet", f"{given or came_with + '^'}^{{commit}}")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The sources of the old version."""
    commit = old_commit()
    if not commit:
        pytest.skip("there is no history here to take an old version from")
    archive = subprocess.run(["git", "archive", commit], cwd=PROJECT_DIR, capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", tmp_path], input=archive.stdout, check=True)
    return tmp_path


@pytest.fixture
def clinic_url(old: Path) -> Iterator[str]:
    """A demo clinic on the old schema, filled by the old version."""
    url = fresh_database(running_cluster(), template_database(running_cluster(), old / "migrations"))
    dcms(old, url, "-c", f"from dcms.demo.seed import seed; seed({url!r})")
    yield url
    drop_database(running_cluster(), url)


def dcms(folder: Path, url: str, *arguments: str) -> str:
    """Run a version's code; what it says."""
    env = {**environment(url), "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Balancer:
    """What a proxy does: spreads requests over the servers it is told of, and waits for those of one it lets go."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.servers: list[Server] = []
        self._running: Counter[int] = Counter()
        self._answered = asyncio.Condition()
        self.answers: Counter[str] = Counter()

    async def request(self, method: str, path: str, **given: object) -> httpx.Response:
        """Send a request to one of the servers and count its answer."""
        server = random.choice(self.servers)
        self._running[server.port] += 1
        try:
            answer = await self._http.request(method, server.url + path, **given)  # type: ignore[arg-type]
        finally:
            self._running[server.port] -= 1
            async with self._answered:
                self._answered.notify_all()
        code = "" if answer.is_success else f" {answer.json()['code']}"
        self.answers[f"{answer.status_code}{code}"] += 1
        return answer

    async def let_go(self, server: Server) -> None:
        """Send nothing more to a server, and wait until it has answered everything."""
        self.servers.remove(server)
        async with self._answered:
            await self._answered.wait_for(lambda: not self._running[server.port])


async def work(balancer: Balancer, stop: asyncio.Event) -> None:
    """A receptionist: registers patients, looks them up, books for them and cancels."""
    login = {"username": "receptionist", "password": "dcms-demo-password"}
    token = (await balancer.request("POST", "/auth/login", json=login)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    while not stop.is_set():
        day = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=random.randint(1, 20))
        name = uuid.uuid4().hex
        new = {"first_name": "Anna", "last_name": name}
        added = await balancer.request("POST", "/patients", json=new, headers=headers)
        found = await balancer.request("GET", "/patients", params={"query": name}, headers=headers)
        window = {"from": str(day), "to": str(day + datetime.timedelta(days=7)), "duration_min": 30, "limit": 50}
        times = await balancer.request("GET", "/availability", params=window, headers=headers)
        if not (added.is_success and found.is_success and times.is_success):
            # counted, and judged at the end
            continue
        assert [each["last_name"] for each in found.json()["items"]] == [name]
        patient, free = added.json(), times.json()["slots"]
        if not free:
            continue
        slot = random.choice(free)
        wish = {
            "patient_id": patient["patient_id"],
            "doctor_id": slot["doctor_id"],
            "starts_at": slot["starts_at"],
            "duration_min": 30,
        }
        keyed = {**headers, "Idempotency-Key": name}
        booked = await balancer.request("POST", "/appointments", json=wish, headers=keyed)
        if booked.status_code == 201 and random.random() < 0.8:
            path = f"/appointments/{booked.json()['appointment_id']}"
            await balancer.request("PATCH", path, json={"note": "called"}, headers=headers)
            await balancer.request("POST", f"{path}/cancel", headers=headers)


@asynccontextmanager
async def load(balancer: Balancer) -> AsyncIterator[None]:
    """Clients at work all the while."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(CLIENTS):
            tasks.create_task(work(balancer, stop))
        try:
            yield
        finally:
            stop.set()


async def test_no_request_fails_while_the_service_is_upgraded(old: Path, clinic_url: str) -> None:
    servers = [Server(clinic_url, old) for _ in range(2)]
    try:
        async with httpx.AsyncClient(timeout=30) as http:
            balancer = Balancer(http)
            for server in servers:
                await asyncio.to_thread(server.wait)
            balancer.servers = list(servers)
            async with load(balancer):
                await asyncio.sleep(SECONDS)
                said = await asyncio.to_thread(dcms, PROJECT_DIR, clinic_url, "-m", "dcms", "migrate")
                on_new_schema = balancer.answers.total()
                await asyncio.sleep(SECONDS)
                on_new_schema = balancer.answers.total() - on_new_schema
                exits = []
                for number in range(2):
                    new = Server(clinic_url)
                    servers.append(new)
                    await asyncio.to_thread(new.wait)
                    balancer.servers.append(new)
                    await balancer.let_go(servers[number])
                    exits.append(await asyncio.to_thread(servers[number].stop))
                before_the_end = balancer.answers.total()
                await asyncio.sleep(SECONDS)
    finally:
        for server in servers:
            server.kill()
    bugs = [bug for server in servers for bug in server.bugs()]
    sys.stdout.write(f"\nfrom {old_commit()[:7]}: {said.strip()}; {dict(balancer.answers)}\n")

    assert said.startswith("applied: ")
    assert set(balancer.answers) <= {"200", "201", "409 appointment_overlap"}
    assert balancer.answers["201"] > 20
    assert on_new_schema > 20
    assert balancer.answers.total() > before_the_end
    assert exits == [0, 0]
    assert bugs == []
