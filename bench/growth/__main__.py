"""`make growth`: fills clinics of several sizes and compares what hot statements touch in them."""

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from bench.clinic import SETTINGS, make_clinic, throwaway_cluster
from bench.growth.pages import pages_touched
from dcms.paths import PROJECT_DIR

MOST = 1.5
# fewer pages more are a level of an index, not growth
LEVELS = 8
# it is thrown away afterwards
FAST = {**SETTINGS, "fsync": "off", "synchronous_commit": "off", "wal_level": "minimal", "max_wal_senders": "0"}


def main() -> int:
    """Print the table; 1 when a statement grows."""
    parser = argparse.ArgumentParser(prog="make growth", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000], help="appointments")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    asked = parser.parse_args()
    home = PROJECT_DIR / ".dcms"
    home.mkdir(exist_ok=True)
    counted: dict[int, dict[str, int]] = {}
    with (
        tempfile.TemporaryDirectory(dir=home, prefix="growth-", ignore_cleanup_errors=True) as folder,
        throwaway_cluster(Path(folder) / "postgres", FAST) as cluster,
    ):
        for size in sorted(asked.sizes):
            began = time.monotonic()
            clinic = make_clinic(cluster, "clinic", size)
            print(
                f"{size:>12,} appointments, {clinic.doctors:,} doctors, {clinic.patients:,} patients since "
                f"{clinic.first_day}: filled in {time.monotonic() - began:.0f} s",
                flush=True,
            )
            counted[size] = asyncio.run(pages_touched(clinic))
    if asked.json is not None:
        asked.json.write_bytes(msgspec.json.format(msgspec.json.encode(counted)) + b"\n")
    return _tell(counted)


def growth(smallest: int, largest: int) -> float:
    """By how much a statement grows; by nothing as long as it is a few pages more."""
    return 1.0 if largest <= smallest + LEVELS else largest / smallest


def _tell(counted: dict[int, dict[str, int]]) -> int:
    sizes = list(counted)
    smallest, largest = counted[sizes[0]], counted[sizes[-1]]
    print(f"\n{'pages touched at … appointments':<42}" + "".join(f"{size:>14,}" for size in sizes) + "    growth")
    grown = []
    for name in smallest:
        by = growth(smallest[name], largest[name])
        mark = "  TOO MUCH" if by > MOST else ""
        figures = "".join(f"{counted[size][name]:>14,}" for size in sizes)
        print(f"{name:<42}{figures}{largest[name] / smallest[name]:>8.2f} x{mark}")
        if by > MOST:
            grown.append(name)
    if grown:
        print(f"\nThese grow by more than {MOST} x: {', '.join(grown)}", file=sys.stderr)
    return 1 if grown else 0


if __name__ == "__main__":
    # so that servers and databases end with it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
