"""`dcms import`: a file from its first row to its last, as a user of the clinic."""

import asyncio
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

import msgspec
from tqdm import tqdm

from dcms import __version__
from dcms.access.permissions import Permission, Role, permissions_of
from dcms.access.trail import AuditTrail, Note
from dcms.access.watch import ClinicFacts
from dcms.context import Context, current_context
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.imports.appointments import AppointmentRows
from dcms.imports.batches import Importer, Rows, batches
from dcms.imports.cells import RowReader
from dcms.imports.mapping import Mapping, MappingError, load_mapping
from dcms.imports.patients import PatientRows
from dcms.imports.report import Report
from dcms.imports.repository import ImportRepository
from dcms.imports.source import open_source, read_lines
from dcms.imports.structs import Counts, Kind, Line
from dcms.users.structs import User

USERS = queries("users")
ROWS: dict[Kind, Callable[[ImportRepository], Rows]] = {"patient": PatientRows, "appointment": AppointmentRows}


class NotAllowed(Exception):
    """The user may not import."""


class Order(msgspec.Struct, frozen=True):
    """What is to be imported, and how."""

    kind: Kind
    file: Path
    mapping: Path
    username: str
    is_dry_run: bool = False
    batch: int = 200
    # none: the standard output
    report: Path | None = None


def run_import(database_url: str, order: Order) -> Counts:
    """Import a file; what became of its rows. Raises MappingError or NotAllowed before anything is written."""
    mapping = load_mapping(order.mapping, order.kind)
    with ExitStack() as stack:
        text = stack.enter_context(open_source(order.file, mapping))
        lines = read_lines(text, mapping)
        report = Report(stack.enter_context(_report_file(order)))
        bar = stack.enter_context(
            # shown on a terminal only
            tqdm(total=os.fstat(text.fileno()).st_size, unit="B", unit_scale=True, desc=order.file.name, disable=None)
        )

        def tell(counts: Counts) -> None:
            bar.set_postfix_str(f"{counts.rows} rows, {counts.refused} refused", refresh=False)
            bar.update(os.lseek(text.fileno(), 0, os.SEEK_CUR) - bar.n)

        return asyncio.run(_import(database_url, order, mapping, lines, report, tell))


async def _import(
    database_url: str,
    order: Order,
    mapping: Mapping,
    lines: Iterator[Line],
    report: Report,
    tell: Callable[[Counts], None],
) -> Counts:
    facts = ClinicFacts()
    database = Database(database_url, facts, pool_size=1)
    context = Context(request_id=f"import-{secrets.token_hex(8)}", user_agent=f"dcms/{__version__} import")
    token = current_context.set(context)
    await database.open()
    try:
        repository = ImportRepository(database, mapping.source)
        terms = await repository.clinic()
        facts.zone = context.zone = ZoneInfo(terms.timezone)
        context.default_region = terms.default_region
        rows = ROWS[order.kind](repository)
        context.user_id = await _user_id(database, order.username, rows.permissions)
        if not order.is_dry_run:
            after = {"source": mapping.source, "file": order.file.name}
            await AuditTrail(database).write_now(Note(context, "import", order.kind, None, None, None, after))
        reader = RowReader(mapping, order.kind, ZoneInfo(mapping.zone) if mapping.zone else context.zone)
        importer = Importer(database, repository, reader, rows, order.is_dry_run)
        for batch in batches(lines, reader, order.batch):
            report.add(await importer.take(batch))
            tell(importer.counts)
        return importer.counts
    finally:
        current_context.reset(token)
        await database.close()


async def _user_id(database: Database, username: str, permissions: tuple[Permission, ...]) -> int:
    """The user who imports. Raises NotAllowed when he doesn't exist, is disabled or may not."""
    user = await database.first(USERS.lookup, User, username=username.lower())
    if user is None or not user.is_active:
        raise NotAllowed(f"there is no active user {username}")
    held = permissions_of(frozenset(user.roles))
    if Role.PATIENT in user.roles or not held.issuperset(permissions):
        raise NotAllowed(f"{username} may not import these: {', '.join(permissions)} is needed")
    return user.user_id


@contextmanager
def _report_file(order: Order) -> Iterator[TextIO]:
    """Where the report goes. It says of patients what is wrong with them, so it is nobody else's to read."""
    if order.report is None:
        yield sys.stdout
        return
    if order.report.exists() and order.report.samefile(order.file):
        raise MappingError("the report would overwrite the file")
    try:
        descriptor = os.open(order.report, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise MappingError(f"{order.report}: {error.strerror}") from None
    with open(descriptor, "w", encoding="utf-8", newline="") as file:
        yield file
