"""The command line: `dcms --help`."""

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from pathlib import Path

from dcms import __version__
from dcms.settings import SettingsError, read_settings, secret_of

Command = Callable[[argparse.Namespace], int]


def main() -> None:
    """Run the command that the arguments name."""
    options = _parser().parse_args()
    try:
        sys.exit(options.run(options))
    except SettingsError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dcms", description="A dental clinic management service.")
    parser.add_argument("--version", action="version", version=f"dcms {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Command, help_text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help_text, description=help_text)
        command.set_defaults(run=run)
        return command

    add("serve", _serve, "serve the API")
    add("worker", _worker, "send messages and do the housekeeping")
    add("migrate", _migrate, "bring the database up to date, as its owner")
    rollback = add("rollback", _rollback, "take the newest migrations back, as the database's owner")
    rollback.add_argument("count", nargs="?", type=int, default=1, help="how many (1)")
    admin = add("admin", _admin, "make an administrator; the password comes from a prompt or from standard input")
    admin.add_argument("action", choices=["create"])
    admin.add_argument("username")
    admin.add_argument("--display-name", help="how he is shown (the username)")
    demo = add("demo", _demo, "run a demo clinic with a database of its own, on this machine only")
    demo.add_argument("--scale", type=int, default=1, help="how many times as many patients and appointments (1)")
    _add_import(commands)
    add("openapi", _openapi, "print the OpenAPI document")
    add("doctor", _doctor, "say what is wrong with this installation")
    outbox = add("outbox", _outbox, "show the jobs that were given up, or put them back")
    outbox.add_argument("action", choices=["list", "retry"])
    outbox.add_argument("outbox_id", nargs="?", type=int, help="which one to put back (all)")
    for name, run, help_text in (
        ("backup", _backup, "write a backup of the running database and a manifest to check it by, as its owner"),
        ("restore", _restore, "read a backup into an empty database and compare every table, as its owner"),
    ):
        add(name, run, help_text).add_argument("file", type=Path)
    return parser


def _add_import(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from dcms.imports.help import DESCRIPTION, EPILOG

    about = "take patients or appointments over from a CSV file of another system"
    command = commands.add_parser(
        "import",
        help=about,
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("kind", choices=["patients", "appointments"], help="what a row is; patients go first")
    command.add_argument("file", type=Path, metavar="FILE", help="the CSV file; its first row names the columns")
    command.add_argument("--mapping", type=Path, required=True, metavar="FILE", help="which column is which field")
    command.add_argument(
        "--as", dest="username", required=True, metavar="USERNAME", help="the user who imports; the audit log names him"
    )
    command.add_argument("--dry-run", action="store_true", help="check every row and write nothing but the report")
    command.add_argument("--report", type=Path, metavar="FILE", help="where the report goes (standard output)")
    command.add_argument(
        "--batch", type=_batch_size, default=200, metavar="ROWS", help="rows a transaction, 1 to 1000 (200)"
    )
    command.set_defaults(run=_import)


def _batch_size(text: str) -> int:
    size = int(text)
    if not 1 <= size <= 1000:
        raise ValueError
    return size


def _serve(_options: argparse.Namespace) -> int:
    from dcms.serve import serve

    serve(read_settings())
    return 0


def _worker(_options: argparse.Namespace) -> int:
    from dcms.logs import configure_logs
    from dcms.worker.process import work

    settings = read_settings()
    configure_logs(settings)
    work(settings)
    return 0


def _migrate(_options: argparse.Namespace) -> int:
    from dcms.database.migrate import migrate

    applied = migrate(_owner_url())
    print(f"applied: {', '.join(applied)}" if applied else "the database is up to date")
    return 0


def _rollback(options: argparse.Namespace) -> int:
    from dcms.database.migrate import rollback

    undone = rollback(_owner_url(), options.count)
    print(f"taken back: {', '.join(undone)}" if undone else "there is no migration to take back")
    return 0


def _admin(options: argparse.Namespace) -> int:
    import asyncio

    from dcms.auth.admin import create_admin
    from dcms.web.problems import Problem

    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != password:
            print("the passwords differ", file=sys.stderr)
            return 1
    else:
        password = sys.stdin.readline().rstrip("\n")
    url = _database_url()
    try:
        asyncio.run(create_admin(url, options.username, password, options.display_name))
    except Problem as problem:
        reasons = [f"{error.field} {error.message}" for error in problem.errors] or [problem.detail or problem.code]
        print("; ".join(reasons), file=sys.stderr)
        return 1
    print(f"{options.username} can log in")
    return 0


def _demo(options: argparse.Namespace) -> int:
    from dcms.demo.run import run_demo

    return run_demo(options.scale)


def _import(options: argparse.Namespace) -> int:
    from dcms.database.failures import AWAY, RETRYABLE
    from dcms.imports.mapping import MappingError
    from dcms.imports.run import NotAllowed, Order, run_import

    order = Order(
        "patient" if options.kind == "patients" else "appointment",
        options.file,
        options.mapping,
        options.username,
        options.dry_run,
        options.batch,
        options.report,
    )
    url = _database_url()
    try:
        counts = run_import(url, order)
    except (MappingError, NotAllowed) as error:
        print(error, file=sys.stderr)
        return 2
    except (*AWAY, *RETRYABLE) as error:
        print(f"broken off ({type(error).__name__}): start it again, it goes on from there", file=sys.stderr)
        return 3
    print(
        f"{options.file}: {counts.added} {'would go' if order.is_dry_run else 'went'} in, {counts.known} were in, "
        f"{counts.changed} changed since, {counts.refused} refused",
        file=sys.stderr,
    )
    return 1 if counts.refused or counts.changed else 0


def _openapi(_options: argparse.Namespace) -> int:
    from dcms.app import create_app
    from dcms.settings import Settings
    from dcms.web.openapi import openapi_document

    app = create_app(Settings(database_url="", owner_database_url="", jwt_keys={"none": bytes(32)}))
    json.dump(openapi_document(app.app), sys.stdout, indent=2, ensure_ascii=False)
    print()
    return 0


def _doctor(_options: argparse.Namespace) -> int:
    import asyncio

    from dcms.doctor import examine

    return asyncio.run(examine())


def _outbox(options: argparse.Namespace) -> int:
    import asyncio

    from dcms.worker.letters import list_failed, put_back

    url = _database_url()
    if options.action == "list":
        lines = asyncio.run(list_failed(url))
        print("\n".join(lines) if lines else "no job was given up")
    else:
        count = asyncio.run(put_back(url, options.outbox_id))
        print(f"{count} put back")
    return 0


def _backup(options: argparse.Namespace) -> int:
    from dcms.backup import BackupError, backup

    try:
        manifest = backup(_owner_url(), options.file)
    except BackupError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{options.file}: {sum(table.rows for table in manifest.tables)} rows of {len(manifest.tables)} tables")
    return 0


def _restore(options: argparse.Namespace) -> int:
    from dcms.backup import BackupError, restore

    try:
        manifest = restore(_owner_url(), options.file)
    except BackupError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{sum(table.rows for table in manifest.tables)} rows of {len(manifest.tables)} tables, all as in the backup")
    return 0


def _database_url() -> str:
    url = secret_of("DATABASE_URL")
    if url is None:
        raise SettingsError("DATABASE_URL is not set: the database, as postgresql://dcms_app:password@host/dcms")
    return url


def _owner_url() -> str:
    """The owner's database; migrations need no other setting."""
    url = secret_of("DCMS_OWNER_DATABASE_URL") or secret_of("DATABASE_URL")
    if url is None:
        raise SettingsError(
            "DCMS_OWNER_DATABASE_URL is not set: the database, as postgresql://owner:password@host/dcms. "
            "(The demo's is migrated by `make run`.)"
        )
    return url
