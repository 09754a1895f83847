"""`dcms doctor`: says what is wrong with an installation, and what to do about it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from dcms.database import hosts
from dcms.database.migrate import status
from dcms.database.pool import fill
from dcms.database.queries import queries
from dcms.settings import Settings, SettingsError, read_settings

SQL = queries("doctor")

EXTENSIONS = {"btree_gist", "pg_trgm", "unaccent"}
OLDEST_SERVER = 15
MAX_CLOCK_DIFFERENCE_S = 2.0
# what a process opens beside its pool: two for itself, two for exports
EXTRA_CONNECTIONS = 4

Check = tuple[str, str | None]


class Findings(msgspec.Struct):
    """What the database says of itself."""

    is_mighty: bool
    extensions: list[str]
    max_connections: int
    now: datetime
    has_admin: bool
    timezone: str
    # of each of the next days, the local time when it is noon in UTC
    local_noons: list[datetime]


async def examine() -> int:
    """Print one line a check; 0 when all is well."""
    try:
        settings = read_settings()
    except SettingsError as error:
        print(error)
        return 1
    checks = [*_check_settings(settings), *await _check_database(settings)]
    for name, fault in checks:
        print(f"ok   {name}" if fault is None else f"BAD  {name}: {fault}")
    faults = sum(fault is not None for _, fault in checks)
    print(f"{faults} to mend." if faults else "All is well.")
    return 1 if faults else 0


def _check_settings(settings: Settings) -> Iterator[Check]:
    keys = settings.jwt_keys
    yield "keys", "DCMS_JWT_KEYS has one key twice" if len(set(keys.values())) < len(keys) else None
    is_plain = settings.sms_provider == "twilio" and settings.public_base_url.startswith("http://")
    yield "public address", "DCMS_PUBLIC_BASE_URL is not https, but Twilio calls it" if is_plain else None


async def _check_database(settings: Settings) -> list[Check]:
    try:
        connection = await hosts.connect(settings.database_url, timeout=5, target_session_attrs="read-write")
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        return [("database", f"can't be reached ({type(error).__name__}): check DATABASE_URL and the server")]
    try:
        checks = [("database", None), _check_version(connection), await _check_migrations(settings)]
        if checks[-1][1] is None:
            record = await connection.fetchrow(SQL.examine.text)
            assert record is not None
            checks += _check_findings(fill(Findings, record), settings)
        return checks
    finally:
        await connection.close()


def _check_version(connection: asyncpg.Connection) -> Check:
    version = connection.get_server_version().major
    is_old = version < OLDEST_SERVER
    return "server version", f"PostgreSQL {version} is too old: use 15 to 18" if is_old else None


async def _check_migrations(settings: Settings) -> Check:
    try:
        _, pending = await asyncio.to_thread(status, settings.owner_database_url)
    except Exception as error:
        return "migrations", f"can't be read ({type(error).__name__}): check DCMS_OWNER_DATABASE_URL"
    return "migrations", f"{len(pending)} pending: run `dcms migrate`" if pending else None


def _check_findings(findings: Findings, settings: Settings) -> Iterator[Check]:
    yield (
        "role",
        "the service's role could change the schema: give DATABASE_URL a role that is only a member of dcms_app"
        if findings.is_mighty
        else None,
    )
    missing = sorted(EXTENSIONS - set(findings.extensions))
    yield "extensions", f"{', '.join(missing)} missing: run `dcms migrate`" if missing else None
    needed = settings.workers * (settings.pool_size + EXTRA_CONNECTIONS)
    is_tight = needed > findings.max_connections * 0.9
    yield (
        "connections",
        f"{needed} may be opened, the server allows {findings.max_connections}: lower DCMS_POOL_SIZE or DCMS_WORKERS"
        if is_tight
        else None,
    )
    difference = abs((datetime.now(findings.now.tzinfo) - findings.now).total_seconds())
    is_off = difference > MAX_CLOCK_DIFFERENCE_S
    yield "clock", f"differs from the database's by {difference:.0f} s: tokens end early or late" if is_off else None
    yield "time zone", _check_zone(findings)
    yield "administrator", None if findings.has_admin else "there is none: run `dcms admin create NAME`"


def _check_zone(findings: Findings) -> str | None:
    zone = ZoneInfo(findings.timezone)
    day = findings.now.astimezone(UTC).date()
    for number, local_noon in enumerate(findings.local_noons):
        noon = datetime.combine(day + timedelta(days=number), time(12), UTC)
        if noon.astimezone(zone).replace(tzinfo=None) != local_noon:
            return f"{zone} on {noon:%Y-%m-%d} differs from the database's: bring both to one release of tzdata"
    return None
