"""Contestants that take turns, and what their figures say of each other."""

import statistics
from collections.abc import Callable, Mapping

import msgspec

Measure = Callable[[], float]


class Spread(msgspec.Struct, frozen=True):
    """Some figures of the same thing: their median and how far they lie apart."""

    values: list[float]

    @property
    def median(self) -> float:
        """The one in the middle."""
        return statistics.median(self.values)

    @property
    def lowest(self) -> float:
        """The least."""
        return min(self.values)

    @property
    def highest(self) -> float:
        """The most."""
        return max(self.values)


class Ratio(msgspec.Struct, frozen=True):
    """One contestant's figures over another's, round by round, or just its own; and what the project asks of it."""

    of: str
    # nobody's: the figures are its own, in the result's unit
    to: str | None
    spread: Spread
    # the least, or with `is_limit` the most, that is wanted
    wanted: float
    aim: float
    is_limit: bool = False

    @property
    def is_reached(self) -> bool:
        """Whether the median is what is wanted."""
        return self.spread.median <= self.wanted if self.is_limit else self.spread.median >= self.wanted


class Result(msgspec.Struct, kw_only=True):
    """What a case has measured."""

    case: str
    title: str
    unit: str
    figures: dict[str, Spread]
    ratios: list[Ratio] = []
    # milliseconds at a steady rate: {contestant: {"p50": …}}
    latencies: dict[str, dict[str, float]] = {}
    notes: list[str] = []


def take_turns(contestants: Mapping[str, Measure], rounds: int) -> dict[str, Spread]:
    """Measure one after the other, round by round, so that what disturbs the machine disturbs all of them."""
    figures: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds):
        # every second round backwards: nobody always comes after the same one
        for name in list(contestants)[:: -1 if number % 2 else 1]:
            figures[name].append(contestants[name]())
    return {name: Spread(values) for name, values in figures.items()}


def ratio(
    figures: Mapping[str, Spread], of: str, to: str, *, wanted: float, aim: float, is_limit: bool = False
) -> Ratio:
    """The ratio of two contestants, of figures of the same round."""
    pairs = zip(figures[of].values, figures[to].values, strict=True)
    return Ratio(of, to, Spread([one / other for one, other in pairs]), wanted, aim, is_limit)


def percentiles(seconds: list[float]) -> dict[str, float]:
    """Of sorted latencies: the usual ones, in milliseconds."""
    wanted = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
    return {name: 1000 * seconds[min(len(seconds) - 1, int(len(seconds) * part))] for name, part in wanted.items()}
