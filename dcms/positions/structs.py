"""The shapes of positions."""

import msgspec
from msgspec import UNSET, UnsetType

from dcms.web.fields import Id, Name, Text


class Position(msgspec.Struct):
    """What an employee is employed as."""

    position_id: Id
    name: str
    description: str | None
    is_active: bool
    is_clinical: bool
    version: int


class NewPosition(msgspec.Struct, forbid_unknown_fields=True):
    """A position to be."""

    name: Name
    description: Text | None = None
    is_clinical: bool = False


class PositionChanges(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Changes of a position: what is absent stays, null clears."""

    name: Name | UnsetType = UNSET
    description: Text | None | UnsetType = UNSET
    is_clinical: bool | UnsetType = UNSET
