"""The rules of the chart: from what was done on a tooth, oldest first, to how it is.

The newest wins, for the whole tooth and for each surface. A finding with surfaces is one of these surfaces, if it can
be; any other is one of the whole tooth, and some of those leave nothing of what was on its surfaces.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from dcms.odontogram.structs import ChartedTooth, ChartEvent, ChartRecords, ChartTooth, Odontogram
from dcms.teeth.structs import SYSTEMS, Condition

SURFACES = "MODBLI"
# what a single surface can have
OF_SURFACES = frozenset({"sound", "caries", "filled", "sealed", "inlay", "veneer", "fractured"})
# the natural tooth is not there
GONE = frozenset({"extracted", "missing", "prosthesis", "implant"})
# an empty place or something removable; whatever else than a replacement is found there was there after all
GAP = frozenset({"extracted", "missing", "prosthesis"})
REPLACEMENTS = GONE | {"crown", "bridge"}
# nothing of the surfaces is to be seen any more, or they are all sound
CLEARS_SURFACES = REPLACEMENTS | {"sound"}


class ToothState(msgspec.Struct):
    """How a tooth is."""

    condition: Condition | None = None
    surfaces: dict[str, Condition] = {}
    since: datetime | None = None
    present: bool = True


def state_after(events: Iterable[ChartEvent]) -> ToothState:
    """How a tooth is after these events, oldest first."""
    state = ToothState()
    for event in events:
        if event.condition is not None:
            _apply(state, event, event.condition)
    return state


def _apply(state: ToothState, event: ChartEvent, condition: Condition) -> None:
    if state.condition in GAP and condition not in REPLACEMENTS:
        state.condition, state.surfaces, state.present = None, {}, True
    if event.surfaces and condition in OF_SURFACES:
        state.surfaces |= dict.fromkeys(event.surfaces, condition)
    else:
        state.condition = condition
        if condition in CLEARS_SURFACES:
            state.surfaces = {}
        if condition in GONE:
            state.present = False
    state.since = event.at


def odontogram(records: ChartRecords) -> Odontogram:
    """The chart: the permanent teeth, and what else has a record or belongs to a child."""
    events: dict[int, list[ChartEvent]] = {}
    for event in records.events:
        events.setdefault(event.tooth_id, []).append(event)
    recorded = events.keys() | records.plans.keys()
    shown = [tooth for tooth in records.teeth if tooth.tooth_id in recorded or _is_expected(tooth, records.is_child)]
    teeth = []
    for tooth in shown:
        state = state_after(events.get(tooth.tooth_id, ()))
        teeth.append(
            ChartTooth(
                tooth_id=tooth.tooth_id,
                code=tooth.code,
                name=tooth.name,
                condition=state.condition,
                surfaces={letter: state.surfaces[letter] for letter in SURFACES if letter in state.surfaces},
                since=state.since,
                planned=records.plans.get(tooth.tooth_id, []),
                present=state.present,
            )
        )
    return Odontogram(
        patient_id=records.patient_id,
        system=SYSTEMS[records.system.lower()],
        as_of=records.as_of,
        has_chart=bool(recorded),
        teeth=teeth,
    )


def _is_expected(tooth: ChartedTooth, is_child: bool) -> bool:
    return not tooth.is_extra and (tooth.dentition == "permanent" or is_child)
