"""The shapes of users."""

from datetime import datetime

import msgspec

from dcms.access.permissions import Role


class User(msgspec.Struct):
    """A login."""

    user_id: int
    username: str
    display_name: str
    roles: list[Role]
    is_active: bool
    must_change_password: bool
    last_login_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
