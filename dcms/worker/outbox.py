"""The outbox: jobs to be done after a commit. A claim is a lease; what is done with a job counts while it is held."""

import uuid
from datetime import datetime
from typing import Any

import msgspec

from dcms.database.pool import Database
from dcms.database.queries import queries

SQL = queries("outbox")

MAX_LISTED = 1000


class Job(msgspec.Struct, frozen=True):
    """A claimed job."""

    outbox_id: int
    kind: str
    payload: dict[str, Any]
    # this one included
    attempts: int
    created_at: datetime
    lease_token: uuid.UUID


class FailedJob(msgspec.Struct, frozen=True):
    """A job that was given up."""

    outbox_id: int
    kind: str
    payload: dict[str, Any]
    attempts: int
    created_at: datetime
    failed_at: datetime
    error_code: str | None


class Outbox:
    """Claims jobs and lets go of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, jobs: int, lease_s: float) -> list[Job]:
        """Jobs that are due, for the length of a lease."""
        claimed = await self._database.all(SQL.claim, Job, jobs=jobs, lease_s=lease_s, lease_token=uuid.uuid4())
        return sorted(claimed, key=lambda job: job.outbox_id)

    async def finish(self, jobs: list[Job]) -> None:
        """Take away what is done. All of one claim."""
        await self._database.execute(
            SQL.finish, outbox_ids=[job.outbox_id for job in jobs], lease_token=jobs[0].lease_token
        )

    async def release(self, jobs: list[Job]) -> None:
        """Give back what was not begun. All of one claim."""
        await self._database.execute(
            SQL.release, outbox_ids=[job.outbox_id for job in jobs], lease_token=jobs[0].lease_token
        )

    async def fail(self, job: Job, error_code: str) -> None:
        """Give a job up; it stays to be seen."""
        await self._database.execute(
            SQL.fail, outbox_id=job.outbox_id, lease_token=job.lease_token, error_code=error_code
        )

    async def failed(self, limit: int = MAX_LISTED) -> list[FailedJob]:
        """The jobs that were given up, oldest first: `dcms outbox list`."""
        return await self._database.all(SQL.failed, FailedJob, limit=limit)

    async def put_back(self, outbox_id: int | None = None) -> list[int]:
        """Put one job back, or all that were given up; their ids: `dcms outbox retry`."""
        return await self._database.all(SQL.put_back, int, outbox_id=outbox_id)
