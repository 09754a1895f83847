"""Where each tooth stands in the drawing: seen from the front, the patient's right on the left."""

from collections.abc import Iterable, Sequence

import msgspec

from dcms.odontogram.structs import ChartedTooth

MARGIN = 44
MIDLINE_GAP = 26
# of a permanent tooth, from the midline to the back
COLUMN_WIDTHS = (46, 42, 44, 48, 48, 60, 60, 58)
CENTRE = MARGIN + sum(COLUMN_WIDTHS) + MIDLINE_GAP / 2
WIDTH = 2 * CENTRE
TOP = 78
ROW_HEIGHT = 192
PRIMARY_SCALE = 0.74
EXTRA_WIDTH = 56


class Place(msgspec.Struct, frozen=True):
    """Where a tooth is drawn: the middle of the outer end of its root, and its size."""

    x: float
    y: float
    scale: float
    # the roots point down
    is_flipped: bool


class Layout(msgspec.Struct):
    """The places of all teeth, and where what stands around them begins."""

    places: dict[int, Place]
    # the line between the arches
    midline_y: float
    extra_y: float | None
    legend_y: float


def layout(teeth: Sequence[ChartedTooth]) -> Layout:
    """Both arches: the permanent teeth outside, the primary ones inside, extra ones below."""
    has_primary = any(tooth.dentition == "primary" and not tooth.is_extra for tooth in teeth)
    inner = ROW_HEIGHT * PRIMARY_SCALE if has_primary else 0
    midline_y = TOP + ROW_HEIGHT + inner + 8
    bottom = midline_y + 8 + inner + ROW_HEIGHT
    places = {}
    for tooth in teeth:
        if not tooth.is_extra:
            scale = PRIMARY_SCALE if tooth.dentition == "primary" else 1.0
            is_lower = tooth.arch == "lower"
            reach = 8 + inner if scale < 1 else ROW_HEIGHT + inner + 8
            places[tooth.tooth_id] = Place(_column(tooth), midline_y + (reach if is_lower else -reach), scale, is_lower)
    extra = [tooth for tooth in teeth if tooth.is_extra]
    places |= _extra_places(extra, bottom + 48)
    extra_height = ROW_HEIGHT * PRIMARY_SCALE * _rows(extra) + 50 if extra else 0
    return Layout(places, midline_y, bottom + 28 if extra else None, bottom + extra_height + 14)


def _column(tooth: ChartedTooth) -> float:
    """The middle of a tooth's column."""
    position = min(tooth.position, len(COLUMN_WIDTHS))
    reach = MIDLINE_GAP / 2 + sum(COLUMN_WIDTHS[: position - 1]) + COLUMN_WIDTHS[position - 1] / 2
    return CENTRE - reach if tooth.side == "right" else CENTRE + reach


def _extra_places(teeth: Iterable[ChartedTooth], y: float) -> dict[int, Place]:
    places = {}
    for index, tooth in enumerate(teeth):
        row, column = divmod(index, _per_row())
        x = MARGIN + (column + 0.5) * EXTRA_WIDTH
        is_lower = tooth.arch == "lower"
        height = ROW_HEIGHT * PRIMARY_SCALE
        places[tooth.tooth_id] = Place(x, y + (row + is_lower) * height, PRIMARY_SCALE, is_lower)
    return places


def _rows(teeth: Sequence[ChartedTooth]) -> int:
    return -(-len(teeth) // _per_row())


def _per_row() -> int:
    return int((WIDTH - 2 * MARGIN) // EXTRA_WIDTH)
