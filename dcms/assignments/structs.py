"""The shapes of assigned positions."""

import msgspec

from dcms.web.fields import Id


class AssignedPosition(msgspec.Struct):
    """A position that an employee has."""

    position_id: Id
    name: str
    is_primary: bool
