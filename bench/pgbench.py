"""pgbench with a statement of the repository: what the database alone can do."""

import re
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from dcms.database.cluster import ClusterError, system_bin_dir
from dcms.database.queries import Query

_PARAMETER = re.compile(r"\$(\d+)")
_PROGRESS = re.compile(r"^progress: [0-9.]+ s, ([0-9.]+) tps", re.MULTILINE)
GRACE_S = 30
# in which each connection plans the statement: the service's have done that before
WARM_S = 3


def find_pgbench() -> str | None:
    """Where pgbench is: beside a server that is installed here, or on the path. The embedded one has none."""
    try:
        return shutil.which("pgbench", path=str(system_bin_dir())) or shutil.which("pgbench")
    except ClusterError:
        return shutil.which("pgbench")


def script(query: Query, settings: list[str], values: Mapping[str, str]) -> str:
    """A file for pgbench: the statement with an expression in the place of each parameter."""

    def value(match: re.Match[str]) -> str:
        return values[query.parameters[int(match[1]) - 1]]

    lines = [f"\\set {setting}" for setting in settings]
    return "\n".join(lines) + "\n" + _PARAMETER.sub(value, query.text) + ";\n"


def transactions_a_second(url: str, text: str, clients: int, seconds: float, variables: Mapping[str, int]) -> float:
    """Run a script with so many connections; its rate once they are warm. Raises when a transaction failed."""
    pgbench = find_pgbench()
    assert pgbench is not None
    parts = urlsplit(url)
    place = parse_qs(parts.query)
    whole = WARM_S + max(1, round(seconds))
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(text)
        file.flush()
        command = [pgbench, "--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=1", "--progress=1"]
        command += [f"--time={whole}", f"--file={file.name}", *(f"-D{name}={each}" for name, each in variables.items())]
        command += ["-h", place["host"][0], "-p", place["port"][0], "-U", parts.username or "postgres", parts.path[1:]]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=whole + GRACE_S, check=False)
    rates = [float(rate) for rate in _PROGRESS.findall(ended.stderr)][WARM_S:]
    if ended.returncode or not rates or "aborted" in ended.stderr:
        raise RuntimeError(f"pgbench failed: {ended.stderr[-2000:]}")
    return statistics.mean(rates)
