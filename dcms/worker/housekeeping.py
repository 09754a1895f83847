"""What the worker does beside messages: seal the audit log; every hour forget what nobody may ask for again,
and prepare the audit log's next months.
"""

import asyncpg
import structlog

from dcms.audit.structs import Sealed
from dcms.database.failures import AWAY
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.web.problems import Problem

ACCESS = queries("access")
AUDIT = queries("audit")
EVENTS = queries("events")
IDEMPOTENCY = queries("idempotency")
OUTBOX = queries("outbox")
WEBHOOKS = queries("webhooks")

# longer than any reader of the changes may look back
ACCESS_CHANGES_KEPT_EXTRA_S = 3600
# events as they came, and jobs that were given up
EVENTS_KEPT_DAYS = 90
FAILED_JOBS_KEPT_DAYS = 90
SEALED_AT_ONCE = 5000

log = structlog.get_logger()


async def keep_house(database: Database, access_token_ttl_s: int) -> None:
    """Do all of it; what fails is logged and done the next time."""
    for query, arguments in (
        (AUDIT.prepare_partitions, {}),
        (IDEMPOTENCY.purge, {}),
        (EVENTS.purge, {}),
        (ACCESS.purge, {"kept_s": access_token_ttl_s + ACCESS_CHANGES_KEPT_EXTRA_S}),
        (WEBHOOKS.purge, {"kept_days": EVENTS_KEPT_DAYS}),
        (OUTBOX.purge, {"kept_days": FAILED_JOBS_KEPT_DAYS}),
    ):
        try:
            touched = await database.execute(query, **arguments)
        except (*AWAY, asyncpg.PostgresError, Problem) as error:
            log.warning("housekeeping.failed", statement=query.name, error=type(error).__name__)
        else:
            log.info("housekeeping.done", statement=query.name, rows=touched)


async def seal_audit_log(database: Database) -> None:
    """Seal what is new in the audit log.

    The log line is a copy of the chain's end out of the database owner's reach: without it he could seal all anew.
    """
    while True:
        sealed = await database.one(AUDIT.seal, Sealed, most=SEALED_AT_ONCE)
        if sealed.entries:
            log.info(
                "audit.sealed",
                entries=sealed.entries,
                position=sealed.last_position,
                digest=(sealed.last_digest or b"").hex(),
            )
        if sealed.entries < SEALED_AT_ONCE:
            return
