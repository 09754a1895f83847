"""The shapes of logins and sessions."""

from datetime import datetime
from typing import Literal

import msgspec

from dcms.access.permissions import Permission, Role
from dcms.clinic.structs import Clinic
from dcms.users.structs import User
from dcms.web.fields import Name, Password, Text


class Login(msgspec.Struct, forbid_unknown_fields=True):
    """A username and a password."""

    username: Text
    password: Password
    device_name: Name | None = None


class Refresh(msgspec.Struct, forbid_unknown_fields=True):
    """A refresh token."""

    refresh_token: Text


class TokenPair(msgspec.Struct):
    """An access token, and the refresh token that gets the next one."""

    access_token: str
    token_type: Literal["Bearer"]
    # seconds
    expires_in: int
    refresh_token: str | None
    refresh_expires_at: datetime | None
    session_id: int
    user: User
    clinic: Clinic


class Me(msgspec.Struct):
    """Who is logged in."""

    user: User
    patient_id: int | None
    employee_id: int | None
    permissions: list[Permission]
    session_id: int
    impersonator_id: int | None


class Credentials(msgspec.Struct):
    """What a login is checked against."""

    user_id: int
    password_hash: str | None
    is_active: bool
    roles: list[Role]


class OpenSession(msgspec.Struct):
    """A session, its user as he is now, and what tokens are made of."""

    session_id: int
    refresh_counter: int
    expires_at: datetime
    impersonator_id: int | None
    patient_id: int | None
    employee_id: int | None
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

    @property
    def user(self) -> User:
        """The session's user."""
        return User(*(getattr(self, name) for name in User.__struct_fields__))
