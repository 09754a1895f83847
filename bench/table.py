"""What was measured, for people and for programs."""

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench.load import generator_name
from bench.rounds import Result, Spread


class Report(msgspec.Struct):
    """A whole run, as it is written to a file."""

    at: datetime
    machine: str
    cores: int
    python: str
    load_generator: str
    options: dict[str, float]
    results: list[Result]


def lines_of(result: Result) -> Iterable[str]:
    """A case as a few lines of text."""
    yield f"{result.case}: {result.title}"
    for name, spread in result.figures.items():
        yield f"  {name:<22} {_shown(spread)} {result.unit}"
    for ratio in result.ratios:
        bound = "at most" if ratio.is_limit else "at least"
        verdict = "reached" if ratio.is_reached else "NOT REACHED"
        wanted = f"{bound} {ratio.wanted:g}, aim {ratio.aim:g}: {verdict}"
        label = ratio.of if ratio.to is None else f"{ratio.of} / {ratio.to}"
        yield f"  {label:<22} {_shown(ratio.spread)} {'x' if ratio.to else result.unit}   ({wanted})"
    for name, latency in result.latencies.items():
        shown = "  ".join(f"{percentile} {value:.1f}" for percentile, value in latency.items())
        yield f"  {name:<22} {shown} ms"
    for note in result.notes:
        yield f"  {note}"


def write(file: Path, results: list[Result], options: dict[str, float]) -> None:
    """Write a run as JSON."""
    report = Report(
        datetime.now(UTC),
        f"{platform.system()} {platform.machine()}",
        os.cpu_count() or 1,
        platform.python_version(),
        generator_name(),
        options,
        results,
    )
    file.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")


def _shown(spread: Spread) -> str:
    return f"{_number(spread.median):>9}  [{_number(spread.lowest)} to {_number(spread.highest)}]"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
