"""The shapes of chairs."""

from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from dcms.web.fields import Id, Name


class Chair(msgspec.Struct):
    """A place where one patient at a time is treated."""

    chair_id: Id
    name: str
    is_active: bool
    created_at: datetime
    updated_at: datetime
    version: int


class NewChair(msgspec.Struct, forbid_unknown_fields=True):
    """A chair to be."""

    name: Name


class ChairChanges(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Changes of a chair: what is absent stays."""

    name: Name | UnsetType = UNSET
