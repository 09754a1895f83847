"""The shapes of health and version."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class DatabaseHealth(msgspec.Struct):
    """Whether the database answers."""

    ok: bool
    latency_ms: float | None
    server_version: Annotated[str | None, Meta(examples=["18.6"])]


class MigrationHealth(msgspec.Struct):
    """How many of this program's migrations the database has, and how many it lacks; null when it can't be asked."""

    ok: bool
    applied: int | None
    pending: int | None


class Health(msgspec.Struct):
    """Whether the service is ready."""

    status: Literal["ok", "unavailable"]
    version: str
    database: DatabaseHealth
    migrations: MigrationHealth


class Alive(msgspec.Struct):
    """The process answers."""

    status: Literal["ok"]
    version: str


class Version(msgspec.Struct):
    """Which program this is."""

    version: str
    git_hash: str | None
    build_time: Annotated[str | None, Meta(examples=["2026-11-22T10:00:00Z"])]


class Backlog(msgspec.Struct):
    """What waits for a worker."""

    outbox_waiting: int
    outbox_oldest_age_s: float
    outbox_given_up: int
    webhooks_waiting: int
    webhooks_oldest_age_s: float
    audit_unsealed_age_s: float
