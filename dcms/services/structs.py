"""The shapes of the catalogue of services."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from dcms.teeth.structs import Condition
from dcms.web.fields import Id, Money, Name, Text
from dcms.web.problems import FieldError

Code = Annotated[str, Meta(min_length=1, max_length=50, description="Unique, in any case.", examples=["D2391"])]
ServiceType = Annotated[
    str, Meta(min_length=1, max_length=100, description="Any word of the clinic's.", examples=["restorative"])
]
DurationMin = Annotated[int, Meta(ge=5, le=720, examples=[45])]
DisplayNumber = Annotated[int, Meta(ge=1, le=1_000_000, description="Its place in the catalogue, unique.")]


class Service(msgspec.Struct):
    """Something the clinic does, at its price."""

    service_id: Id
    code: str
    name: str
    service_type: str
    description: str | None
    duration_min: int
    price: Decimal
    display_number: int
    resulting_condition: Condition | None
    is_active: bool
    version: int


class NewService(msgspec.Struct, forbid_unknown_fields=True):
    """A service to be; without a display number it comes last."""

    code: Code
    name: Name
    service_type: ServiceType
    duration_min: DurationMin
    price: Money
    description: Text | None = None
    display_number: DisplayNumber | None = None
    resulting_condition: Condition | None = None


class ServiceChanges(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Changes of a service: what is absent stays, null clears."""

    code: Code | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    service_type: ServiceType | UnsetType = UNSET
    duration_min: DurationMin | UnsetType = UNSET
    price: Money | UnsetType = UNSET
    description: Text | None | UnsetType = UNSET
    display_number: DisplayNumber | UnsetType = UNSET
    resulting_condition: Condition | None | UnsetType = UNSET


class Place(msgspec.Struct, forbid_unknown_fields=True):
    """A service's new place in the catalogue."""

    service_id: Id
    display_number: DisplayNumber


def check_places(places: list[Place]) -> Iterator[FieldError]:
    """No service twice."""
    seen: set[int] = set()
    for index, place in enumerate(places):
        if place.service_id in seen:
            yield FieldError(f"[{index}].service_id", "is there already")
        seen.add(place.service_id)


Places = Annotated[list[Place], Meta(max_length=5000, extra={"check": check_places})]


class TypeOfService(msgspec.Struct):
    """A type with its active services, in the order of the catalogue."""

    service_type: str
    services: list[Service]
