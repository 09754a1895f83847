"""What operators are given fits the program: compose.yaml, the systemd units, the alerts and the dashboard."""

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
import yaml

from dcms.database.cluster import Cluster
from dcms.paths import PROJECT_DIR
from dcms.settings import SECRETS, Settings, variable_of
from tests.api import Api
from tests.databases import bin_dir, drop_database, running_cluster
from tests.processes import free_port, wait_until_ready

DEPLOY = PROJECT_DIR / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT_DIR / "compose.yaml").read_text())
# the commands at its head that make the secrets, without the notes beside them
MAKE_SECRETS = re.findall(r"^#   (.+?)(?: {6}\(.*)?$", (PROJECT_DIR / "compose.yaml").read_text(), re.MULTILINE)
SECRETS_AT = "/run/secrets/"
METRIC = re.compile(r"\bdcms_[a-z_]+")
SETTINGS = {variable_of(field) for field in Settings.__struct_fields__} | {
    f"{variable_of(field)}_FILE" for field in SECRETS
}


def interpolated(value: object) -> str:
    """A value as compose reads it: `${NAME:-default}`, `${NAME:?refusal}`, `$$`."""
    text = re.sub(r"\$\{\w+:[-?]([^}]*)\}", lambda match: match[1], str(value))
    return text.replace("$$", "$")


class Containers:
    """Runs the processes of compose.yaml as it does, without containers: on a cluster of the tests."""

    def __init__(self, cluster: Cluster, database: str, folder: Path) -> None:
        self.cluster = cluster
        self.database = database
        subprocess.run(["sh", "-euc", "\n".join(MAKE_SECRETS)], cwd=folder, check=True)
        self.secrets = folder / "secrets"
        # the container named `database`, and the name of its database
        for name in ("owner_database_url", "database_url"):
            made = urlsplit((self.secrets / name).read_text().strip())
            assert (made.hostname, made.path) == ("database", "/dcms")
            (self.secrets / name).write_text(cluster.url(database, made.username or ""))
        self.port = free_port()
        parts = urlsplit(cluster.url(database))
        self.host = dict(pair.split("=") for pair in parts.query.split("&"))["host"]

    def environment(self, service: str) -> dict[str, str]:
        given = COMPOSE["services"][service]["environment"].items()
        values = {name: self.at_home(interpolated(value)) for name, value in given}
        return {"PATH": "/usr/bin:/bin", **values, "DCMS_PORT": str(self.port)}

    def at_home(self, text: str) -> str:
        """A text that names secrets, by where they are here."""
        return text.replace(SECRETS_AT, f"{self.secrets}/")

    def dcms(self, service: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "dcms", *COMPOSE["services"][service]["command"]]
        return subprocess.Popen(command, env=self.environment(service), cwd=PROJECT_DIR)

    def make_role(self) -> None:
        """What the container `application-role` does."""
        role = COMPOSE["services"]["application-role"]
        environment = {**self.environment("application-role"), "PGHOST": self.host, "PGDATABASE": self.database}
        environment["PATH"] = f"{bin_dir()}:/usr/bin:/bin"
        entrypoint = [*role["entrypoint"], self.at_home(interpolated(role["command"][0]))]
        subprocess.run(entrypoint, env=environment, check=True, timeout=30)


@pytest.fixture
def containers(tmp_path: Path) -> Iterator[Containers]:
    cluster = running_cluster()
    name = f"compose_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(cluster.url(), autocommit=True) as session:
        if session.execute("select from pg_roles where rolname = 'dcms_owner'").fetchone() is None:
            session.execute("create role dcms_owner superuser login")
        session.execute(f"create database {name} owner dcms_owner")
    yield Containers(cluster, name, tmp_path)
    drop_database(cluster, cluster.url(name))


def test_the_processes_of_compose_yaml_come_up_in_its_order(containers: Containers) -> None:
    containers.make_role()
    assert containers.dcms("migrate").wait(60) == 0
    processes = [containers.dcms("api"), containers.dcms("worker")]
    try:
        root = f"http://127.0.0.1:{containers.port}"
        wait_until_ready(root, processes[0])
        health = httpx.get(f"{root}/api/v1/health").json()
        live = processes[1].poll()
    finally:
        for process in processes:
            process.terminate()
        codes = [process.wait(30) for process in processes]

    assert (health["status"], health["migrations"]["pending"]) == ("ok", 0)
    assert live is None
    assert codes == [0, 0]


def test_compose_yaml_passes_settings_that_exist() -> None:
    passed = {
        name
        for service in COMPOSE["services"].values()
        for name in service.get("environment", {})
        if name.startswith(("DCMS_", "DATABASE_"))
    }

    assert passed <= SETTINGS


def test_compose_yaml_gives_each_container_the_secrets_that_it_reads(tmp_path: Path) -> None:
    subprocess.run(["sh", "-euc", "\n".join(MAKE_SECRETS)], cwd=tmp_path, check=True)

    made = {f"secrets/{path.name}" for path in (tmp_path / "secrets").iterdir()}
    assert {secret["file"] for secret in COMPOSE["secrets"].values()} == made
    for name, service in COMPOSE["services"].items():
        read = set(re.findall(rf"{SECRETS_AT}(\w+)", f"{service.get('environment')} {service.get('command')}"))
        assert read <= set(service.get("secrets", ())), name


@pytest.mark.skipif(
    shutil.which("docker") is None
    or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode != 0,
    reason="docker compose is not installed",
)
@pytest.mark.parametrize("files", [["compose.yaml"], ["compose.yaml", "deploy/compose.monitoring.yaml"]])
def test_docker_compose_takes_the_files(files: list[str]) -> None:
    given = {"DCMS_METRICS_TOKEN": "token1", "DCMS_GRAFANA_PASSWORD": "grafana1"}
    named = [argument for file in files for argument in ("-f", file)]

    subprocess.run(
        ["docker", "compose", *named, "config", "--quiet"], cwd=PROJECT_DIR, env=os.environ | given, check=True
    )


def test_compose_yaml_waits_for_what_each_container_needs() -> None:
    services = COMPOSE["services"]

    assert services["api"]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert services["worker"]["depends_on"] == services["api"]["depends_on"]
    assert services["migrate"]["depends_on"] == {"application-role": {"condition": "service_completed_successfully"}}
    assert services["application-role"]["depends_on"] == {"database": {"condition": "service_healthy"}}


@pytest.mark.parametrize("unit", sorted(path.name for path in DEPLOY.glob("systemd/*.service")))
def test_a_unit_runs_a_command_that_exists(unit: str) -> None:
    text = (DEPLOY / "systemd" / unit).read_text()
    command = re.search(r"^ExecStart=/opt/dcms/bin/dcms (\w+)$", text, re.MULTILINE)

    assert command is not None
    subprocess.run([sys.executable, "-m", "dcms", command[1], "--help"], check=True, stdout=subprocess.DEVNULL)
    assert "NoNewPrivileges=yes" in text


async def test_alerts_and_dashboard_name_metrics_that_exist(api: Api) -> None:
    await api.admin.get("/chairs")
    exposed = set(METRIC.findall((await api.anonymous.get("http://testserver/metrics")).text))
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    dashboard = json.loads((DEPLOY / "grafana" / "dcms.json").read_text())
    expressions = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    expressions += [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    named = {name for expression in expressions for name in METRIC.findall(expression)}

    assert len(named) > 10
    assert named <= exposed
