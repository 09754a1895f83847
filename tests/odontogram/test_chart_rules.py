"""The rules of the chart, event by event."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcms.odontogram.chart import GAP, GONE, ToothState, state_after
from dcms.odontogram.structs import ChartEvent
from dcms.teeth.structs import Condition

START = datetime(2026, 1, 1, tzinfo=UTC)


def after(*events: str) -> ToothState:
    """The state after events such as "filled MO", a day each."""
    made = []
    for day, event in enumerate(events):
        condition, _, surfaces = event.partition(" ")
        made.append(ChartEvent(36, START + timedelta(days=day), condition, surfaces or None))  # type: ignore[arg-type]
    return state_after(made)


def short(*events: str) -> tuple[str | None, dict[str, str], bool]:
    state = after(*events)
    return state.condition, dict(state.surfaces), state.present


@pytest.mark.parametrize(
    "events,expected",
    [
        ((), (None, {}, True)),
        (("filled MO",), (None, {"M": "filled", "O": "filled"}, True)),
        (("caries MO", "filled O"), (None, {"M": "caries", "O": "filled"}, True)),
        (("caries M", "sound M"), (None, {"M": "sound"}, True)),
        (("filled",), ("filled", {}, True)),
        (("filled MO", "root_canal"), ("root_canal", {"M": "filled", "O": "filled"}, True)),
        (("root_canal", "crown"), ("crown", {}, True)),
        (("filled MO", "crown", "caries D"), ("crown", {"D": "caries"}, True)),
        (("crown", "caries D", "crown"), ("crown", {}, True)),
        (("caries M", "sound"), ("sound", {}, True)),
        (("filled MO", "crown", "extracted"), ("extracted", {}, False)),
        (("filled MO", "extracted", "implant", "crown"), ("crown", {}, False)),
        (("extracted", "implant", "filled O"), ("implant", {"O": "filled"}, False)),
        (("extracted", "bridge"), ("bridge", {}, False)),
        (("extracted", "prosthesis", "missing"), ("missing", {}, False)),
        (("unerupted", "missing", "sound"), ("sound", {}, True)),
        (("caries M", "missing", "caries D"), (None, {"D": "caries"}, True)),
        (("impacted",), ("impacted", {}, True)),
        (("veneer B", "fractured I"), (None, {"B": "veneer", "I": "fractured"}, True)),
        # a crown is one of the whole tooth, whatever is said of its surfaces
        (("crown MODBL",), ("crown", {}, True)),
    ],
)
def test_the_newest_wins(events: tuple[str, ...], expected: tuple[str | None, dict[str, str], bool]) -> None:
    assert short(*events) == expected


def test_since_is_when_the_newest_of_it_was_done() -> None:
    assert after().since is None
    assert after("filled M", "caries D").since == START + timedelta(days=1)


def test_what_results_in_nothing_changes_nothing() -> None:
    assert state_after([ChartEvent(36, START, None, "MO")]) == ToothState()


EVENTS = st.lists(
    st.tuples(st.sampled_from(get_args(Condition)), st.sampled_from(["", "M", "MO", "DBL", "MODBL"])).map(" ".join),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(EVENTS)
def test_an_extraction_ends_whatever_was_there(events: list[str]) -> None:
    assert short(*events, "extracted") == ("extracted", {}, False)


@settings(max_examples=300, deadline=None)
@given(EVENTS, EVENTS)
def test_after_an_extraction_nothing_before_it_matters(before: list[str], later: list[str]) -> None:
    assert short(*before, "extracted", *later) == short("extracted", *later)


@settings(max_examples=300, deadline=None)
@given(EVENTS)
def test_the_natural_tooth_is_there_until_something_says_that_it_is_not(events: list[str]) -> None:
    condition, surfaces, present = short(*events)

    if condition in GAP:
        assert (surfaces, present) == ({}, False)
    if not GONE & {event.split()[0] for event in events}:
        assert present
