"""The shapes of a treatment's items and of their teeth."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from dcms.teeth.structs import Condition, Surfaces
from dcms.web.bodies import FieldFault
from dcms.web.fields import Id, Money, Text, not_in_future
from dcms.web.problems import FieldError

MAX_TEETH = 60

ItemStatus = Literal["planned", "done"]
Quantity = Annotated[int, Meta(ge=1, le=1000)]

PastInstant = Annotated[
    datetime,
    Meta(
        tz=True,
        description="When it was done. By default noon of the treatment's day, or now when that is earlier.",
        extra={"check": not_in_future},
    ),
]


class Tooth(msgspec.Struct):
    """A tooth that an item is done on."""

    treatment_item_tooth_id: Id
    tooth_id: Id
    # in the clinic's notation
    code: str
    # null: the whole tooth
    surfaces: Surfaces | None
    # null: the one that the service results in
    condition: Condition | None
    note: str | None
    version: int


class Item(msgspec.Struct):
    """A service done or planned."""

    treatment_item_id: Id
    treatment_id: Id
    service_id: Id
    # as it was when the item was added
    service_name: str
    quantity: int
    unit_price: Decimal
    # off the line
    discount: Decimal
    total: Decimal
    status: ItemStatus
    done_at: datetime | None
    note: str | None
    teeth: list[Tooth]
    version: int


class NewTooth(msgspec.Struct, forbid_unknown_fields=True):
    """A tooth for an item."""

    tooth_id: Id
    surfaces: Surfaces | None = None
    condition: Condition | None = None
    note: Text | None = None


def _are_different(values: list[int]) -> list[FieldError]:
    return [FieldError(f"[{at}]", "is there twice") for at, value in enumerate(values) if value in values[:at]]


def _are_different_teeth(values: list[NewTooth]) -> list[FieldError]:
    faults = _are_different([value.tooth_id for value in values])
    return [FieldError(f"{fault.field}.tooth_id", fault.message) for fault in faults]


TeethToBe = Annotated[list[NewTooth], Meta(max_length=MAX_TEETH, extra={"check": _are_different_teeth})]


class NewItem(msgspec.Struct, forbid_unknown_fields=True):
    """An item to be."""

    service_id: Id
    quantity: Quantity = 1
    unit_price: Annotated[Money, Meta(description="The service's price by default.")] | None = None
    discount: Annotated[Money, Meta(description="An amount off the line.")] = "0.00"
    status: (
        Annotated[ItemStatus, Meta(description="By default `done` in a completed treatment, else `planned`.")] | None
    ) = None
    done_at: PastInstant | None = None
    note: Text | None = None
    teeth: TeethToBe = []

    def __post_init__(self) -> None:
        if self.done_at is not None:
            self.status = _done(self.status)


class ItemChanges(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Changes of an item: what is absent stays, null clears."""

    service_id: (
        Annotated[Id, Meta(description="Another service brings its price, unless `unit_price` is sent.")] | UnsetType
    ) = UNSET
    quantity: Quantity | UnsetType = UNSET
    unit_price: Money | UnsetType = UNSET
    discount: Money | UnsetType = UNSET
    status: ItemStatus | UnsetType = UNSET
    done_at: PastInstant | None | UnsetType = UNSET
    note: Text | None | UnsetType = UNSET

    def __post_init__(self) -> None:
        if isinstance(self.done_at, datetime):
            self.status = _done(self.status)
        elif self.done_at is None and self.status != "planned":
            raise FieldFault("done_at", "can be null only with the status planned")


class NewTeeth(msgspec.Struct, forbid_unknown_fields=True):
    """Teeth to be added to an item: by their ids, or with what is to be said of each."""

    tooth_ids: Annotated[list[Id], Meta(min_length=1, max_length=MAX_TEETH, extra={"check": _are_different})] | None = (
        None
    )
    teeth: Annotated[TeethToBe, Meta(min_length=1)] | None = None

    def __post_init__(self) -> None:
        if (self.tooth_ids is None) == (self.teeth is None):
            raise FieldFault("tooth_ids", "send either tooth_ids or teeth")


class ToothChanges(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Changes of an item's tooth: what is absent stays, null clears."""

    tooth_id: Id | UnsetType = UNSET
    surfaces: Surfaces | None | UnsetType = UNSET
    condition: Condition | None | UnsetType = UNSET
    note: Text | None | UnsetType = UNSET


def _done(status: ItemStatus | UnsetType | None) -> Literal["done"]:
    """The status of what has a time; planned can't have one."""
    if status == "planned":
        raise FieldFault("done_at", "what is planned has no such time")
    return "done"
