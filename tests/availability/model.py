"""What a doctor's time is, in plain Python: sets of minutes since the epoch."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

Interval = tuple[int, int]


def minute_of(instant: datetime) -> int:
    """The minute since the epoch."""
    return int(instant.timestamp()) // 60


def instant_of(minute: int) -> datetime:
    """The time of a minute."""
    return datetime.fromtimestamp(minute * 60, UTC)


def local(day: date, minutes: int) -> datetime:
    """A local time: minutes of the clock after the day's midnight, up to 24:00."""
    return datetime.combine(day, time()) + timedelta(minutes=minutes)


def span(interval: Interval) -> set[int]:
    """The minutes of an interval."""
    return set(range(*interval))


def meet(one: Interval, other: Interval) -> bool:
    """Whether two intervals overlap."""
    return one[0] < other[1] and other[0] < one[1]


@dataclass
class Taken:
    """An appointment that stands in the way."""

    starts: int
    ends: int
    buffer: int = 0
    has_chair: bool = False
    is_others: bool = False


@dataclass
class Clinic:
    """A clinic with one doctor, over some days."""

    zone: ZoneInfo
    days: list[date]
    step: int
    buffer: int
    # of each day, on the clock
    hours: dict[date, list[Interval]]
    closed: list[date] = field(default_factory=list)
    off: list[Interval] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)

    def instant(self, moment: datetime) -> int:
        """The first instant of a local time, or with the offset before the gap; this is what fold=0 means."""
        return minute_of(moment.replace(tzinfo=self.zone, fold=0))

    @cached_property
    def working(self) -> set[int]:
        """The minutes that the doctor works."""
        minutes: set[int] = set()
        for day, intervals in self.hours.items():
            for opens, closes in intervals:
                minutes |= span((self.instant(local(day, opens)), self.instant(local(day, closes))))
        for day in self.closed:
            minutes -= span((self.instant(local(day, 0)), self.instant(local(day, 1440))))
        for interval in self.off:
            minutes -= span(interval)
        return minutes

    def rule_against(self, starts: int, length: int, with_chair: bool) -> str | None:
        """What a booking is refused for."""
        if not span((starts, starts + length)) <= self.working:
            return "outside_working_hours"
        for other in self.taken:
            if (
                not other.is_others
                and starts < other.ends + other.buffer
                and other.starts < starts + length + self.buffer
            ):
                return "appointment_overlap"
            if other.has_chair and with_chair and starts < other.ends and other.starts < starts + length:
                return "appointment_overlap"
        return None

    def slots(self, length: int, with_chair: bool) -> Iterator[int]:
        """The starts on the grid that can be booked; of a time that occurs twice the first that can."""
        for day in self.days:
            for minutes in range(0, 1440, self.step):
                free = [
                    starts
                    for starts in self.occurrences(local(day, minutes))
                    if self.rule_against(starts, length, with_chair) is None
                ]
                yield from free[:1]

    def occurrences(self, moment: datetime) -> Iterable[int]:
        """The instants of a local time: none, one or two."""
        instants = [moment.replace(tzinfo=self.zone, fold=fold) for fold in (0, 1)]
        real = {
            minute_of(each)
            for each in instants
            if each.astimezone(UTC).astimezone(self.zone).replace(tzinfo=None) == moment
        }
        return sorted(real)


def clock_changes(zone: ZoneInfo, after: date, within_days: int) -> list[date]:
    """The days on which a zone's clocks are changed."""
    days = [after + timedelta(days=number) for number in range(within_days)]
    return [
        day
        for day in days
        if datetime.combine(day, time(), zone).utcoffset()
        != datetime.combine(day + timedelta(days=1), time(), zone).utcoffset()
    ]
