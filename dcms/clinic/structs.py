"""The shapes of the clinic and its settings."""

from datetime import datetime

import msgspec


class Clinic(msgspec.Struct):
    """The clinic of this installation."""

    name: str
    legal_name: str | None
    phone: str | None
    email: str | None
    address: str | None
    website: str | None
    updated_at: datetime
    version: int
