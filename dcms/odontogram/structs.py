"""The shapes of the chart."""

from datetime import date, datetime
from typing import Any

import msgspec

from dcms.teeth.structs import Arch, Condition, Dentition, Side, Surfaces, ToothSystem
from dcms.web.fields import Id


class PlannedWork(msgspec.Struct):
    """What is planned on a tooth."""

    treatment_item_id: Id
    service_name: str
    condition: Condition | None
    # null: the whole tooth
    surfaces: Surfaces | None


class ChartTooth(msgspec.Struct):
    """A tooth in the chart."""

    tooth_id: Id
    code: str
    name: str
    # the whole tooth's; null without a finding
    condition: Condition | None
    # surface → condition
    surfaces: dict[str, Condition]
    # when the newest of this was done
    since: datetime | None
    planned: list[PlannedWork]
    # whether the natural tooth is there
    present: bool


class Odontogram(msgspec.Struct):
    """The chart of a patient's teeth at the end of a local day."""

    patient_id: Id
    system: ToothSystem
    as_of: date
    # whether there is any record of any tooth
    has_chart: bool
    teeth: list[ChartTooth]


class HistoryEntry(msgspec.Struct):
    """What was found or done on a tooth."""

    at: datetime
    condition: Condition
    # null: the whole tooth
    surfaces: Surfaces | None
    treatment_id: Id
    treatment_item_id: Id
    doctor_id: Id


class ChartedTooth(msgspec.Struct):
    """What the chart must know of a tooth's place."""

    tooth_id: int
    code: str
    name: str
    dentition: Dentition
    arch: Arch
    side: Side
    position: int
    surfaces: str
    is_extra: bool


class ChartEvent(msgspec.Struct):
    """Something done on a tooth."""

    tooth_id: int
    at: datetime
    condition: Condition | None
    surfaces: str | None


class ChartRecords(msgspec.Struct):
    """What a chart is made of."""

    patient_id: int
    system: str
    as_of: date
    is_child: bool
    teeth: list[ChartedTooth]
    # oldest first
    events: list[ChartEvent]
    # tooth → what is planned on it
    plans: dict[int, list[PlannedWork]]

    def __post_init__(self) -> None:
        teeth: Any = self.teeth
        events: Any = self.events
        plans: Any = self.plans
        self.teeth = [ChartedTooth(*record) for record in teeth]
        self.events = [ChartEvent(*record) for record in events]
        self.plans = {}
        for tooth_id, *work in plans:
            self.plans.setdefault(tooth_id, []).append(PlannedWork(*work))
