"""`make bench`: measures the service and its references in turns, and prints their ratios."""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

import msgspec

from bench.arena import Options, arena
from bench.cases import CASES
from bench.load import generator_name
from bench.pgbench import find_pgbench
from bench.table import lines_of, write
from dcms.paths import PROJECT_DIR


def main() -> int:
    """Run the cases that are asked for."""
    asked = _parser().parse_args()
    options = Options(
        size=asked.size,
        rounds=asked.rounds,
        seconds=asked.seconds,
        connections=asked.connections,
        pool_size=asked.pool_size,
        requests=asked.requests,
    )
    print(
        f"{options.size:,} appointments, {options.rounds} rounds of {options.seconds:g} s, "
        f"{options.connections} HTTP connections, {options.pool_size} to the database; "
        f"load by {generator_name()}; medians [lowest to highest]"
    )
    if find_pgbench() is None:
        print("pgbench is not installed (Debian: postgresql): its ratios are left out")
    home = PROJECT_DIR / ".dcms"
    home.mkdir(exist_ok=True)
    results = []
    with (
        tempfile.TemporaryDirectory(dir=home, prefix="bench-", ignore_cleanup_errors=True) as folder,
        arena(Path(folder) / "postgres", options) as place,
    ):
        for name in asked.case or CASES:
            result = CASES[name](place)
            results.append(result)
            print("\n" + "\n".join(lines_of(result)), flush=True)
    if asked.json is not None:
        write(asked.json, results, msgspec.structs.asdict(options))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    usual = Options()
    parser.add_argument("--case", action="append", choices=list(CASES), help="only this one; may be repeated")
    parser.add_argument("--size", type=int, default=usual.size, help="appointments in the clinic")
    parser.add_argument("--rounds", type=int, default=usual.rounds, help="how often each contestant has its turn")
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="how long a turn is")
    parser.add_argument("--connections", type=int, default=usual.connections, help="HTTP connections at once")
    parser.add_argument("--pool-size", type=int, default=usual.pool_size, help="database connections")
    parser.add_argument("--requests", type=int, default=usual.requests, help="over how many memory is watched")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    return parser


if __name__ == "__main__":
    # so that servers and databases end with it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
