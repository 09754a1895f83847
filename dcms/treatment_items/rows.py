"""New items and teeth as the statements take them, each with the names that its fields have in the body."""

from collections.abc import Sequence
from typing import Any

import msgspec

from dcms.treatment_items.structs import NewItem, NewTeeth, NewTooth

Row = dict[str, Any]


class ItemRows(msgspec.Struct):
    """Items, and their teeth with the number of their item."""

    items: list[Row]
    teeth: list[Row]


def item_rows(new: Sequence[NewItem], places: Sequence[str]) -> ItemRows:
    """The rows of items; `places` are what stands before the names of their fields."""
    rows = ItemRows([], [])
    for number, (item, place) in enumerate(zip(new, places, strict=True), start=1):
        row = {**msgspec.to_builtins(item), "place": place}
        del row["teeth"]
        rows.items.append(row)
        rows.teeth += _tooth_rows(item.teeth, place, number)
    return rows


def tooth_rows(new: NewTeeth) -> list[Row]:
    """The rows of teeth for one item."""
    if new.teeth is not None:
        return _tooth_rows(new.teeth, "", 1)
    ids = new.tooth_ids or []
    return [{"tooth_id": tooth_id, "tooth_field": f"tooth_ids[{index}]"} for index, tooth_id in enumerate(ids)]


def _tooth_rows(teeth: Sequence[NewTooth], place: str, item: int) -> list[Row]:
    return [
        {
            **msgspec.to_builtins(tooth),
            "item": item,
            "tooth_field": f"{place}teeth[{index}].tooth_id",
            "surfaces_field": f"{place}teeth[{index}].surfaces",
        }
        for index, tooth in enumerate(teeth)
    ]
