"""The shapes of employees."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from dcms.assignments.structs import AssignedPosition
from dcms.web.fields import Color, Email, Id, Name
from dcms.web.problems import FieldError

IsBookable = Annotated[bool, Meta(description="Takes appointments: a doctor.")]


def check_distinct(ids: list[int]) -> Iterator[FieldError]:
    """No id twice."""
    for index, each in enumerate(ids):
        if each in ids[:index]:
            yield FieldError(f"[{index}]", "is there already")


PositionIds = Annotated[
    list[Id],
    Meta(max_length=50, description="The first one is primary.", examples=[[1]], extra={"check": check_distinct}),
]


class Employee(msgspec.Struct):
    """Somebody who works at the clinic; a doctor is one who is bookable."""

    employee_id: Id
    user_id: int | None
    first_name: str
    last_name: str
    title: str | None
    email: str | None
    color: str
    is_bookable: IsBookable
    hired_on: date | None
    archived_at: datetime | None
    positions: Annotated[list[AssignedPosition], Meta(description="The primary one first, then the oldest.")]
    created_at: datetime
    updated_at: datetime
    version: int


class NewEmployee(msgspec.Struct, forbid_unknown_fields=True):
    """An employee to be."""

    first_name: Name
    last_name: Name
    title: Name | None = None
    email: Email | None = None
    color: Color = "#4f7cac"
    is_bookable: IsBookable = False
    hired_on: date | None = None
    position_ids: PositionIds = []


class EmployeeChanges(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Changes of an employee: what is absent stays, null clears."""

    first_name: Name | UnsetType = UNSET
    last_name: Name | UnsetType = UNSET
    title: Name | None | UnsetType = UNSET
    email: Email | None | UnsetType = UNSET
    color: Color | UnsetType = UNSET
    is_bookable: IsBookable | UnsetType = UNSET
    hired_on: date | None | UnsetType = UNSET
