"""The tests' clinic: the whole application over a fresh, migrated database for each test."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import pytest

from dcms.app import create_app
from dcms.settings import Settings
from dcms.web.front import Front
from tests.api import JWT_KEYS, Api
from tests.databases import application_url, drop_database, fresh_database, running_cluster, template_database
from tests.processes import free_port, wait_until_ready


@pytest.fixture(scope="session")
def template() -> str:
    """The migrated database that each test's is a copy of."""
    return template_database(running_cluster())


@pytest.fixture
def database_url(template: str) -> Iterator[str]:
    """A fresh database, for its owner."""
    url = fresh_database(running_cluster(), template)
    yield url
    drop_database(running_cluster(), url)


@pytest.fixture(scope="session")
def app() -> Front:
    """The application; each test gives it its own database."""
    url = "postgresql:///nowhere"
    return create_app(
        Settings(
            database_url=url,
            owner_database_url=url,
            jwt_keys=JWT_KEYS,
            twilio_auth_token="12345",
            pool_size=8,
            public_base_url="https://clinic.example",
        )
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running demo clinic in an empty folder."""
    folder = tmp_path_factory.mktemp("demo")
    port = free_port()
    environment = {**os.environ, "DCMS_PORT": str(port), "DCMS_DATA_DIR": str(folder)}
    process = subprocess.Popen([sys.executable, "-m", "dcms", "demo"], env=environment)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert not list(folder.rglob("postmaster.pid"))


@pytest.fixture
async def api(app: Front, database_url: str) -> AsyncIterator[Api]:
    """The running service with a user of each role; see tests/api.py."""
    services = app.services
    services.use_database(application_url(database_url))
    await services.start()
    async with Api(app, database_url) as running:
        yield running
    await services.stop()


@pytest.fixture
async def other(app: Front, api: Api, database_url: str) -> AsyncIterator[Front]:
    """Another process of the same service, as far as one process can be two."""
    second = create_app(app.services.settings)
    second.services.use_database(application_url(database_url))
    await second.services.start()
    yield second
    await second.services.stop()
