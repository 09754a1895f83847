"""The shapes of logins and sessions."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from dcms.access.permissions import Permission, Role
from dcms.clinic.structs import Clinic
from dcms.users.structs import NewPassword, User
from dcms.web.bodies import FieldFault
from dcms.web.fields import Id, Name, Password, Text

Username = Annotated[Text, Meta(description="In any case.", examples=["anna"])]


class Login(msgspec.Struct, forbid_unknown_fields=True):
    """A username and a password."""

    username: Username
    password: Password
    device_name: Annotated[Name, Meta(description="Shown in the list of sessions.", examples=["Front desk"])] | None = (
        None
    )


class Refresh(msgspec.Struct, forbid_unknown_fields=True):
    """A refresh token."""

    refresh_token: Text


class PasswordChange(msgspec.Struct, forbid_unknown_fields=True):
    """The password of now and the one to be."""

    current_password: Password
    new_password: NewPassword

    def __post_init__(self) -> None:
        if self.new_password == self.current_password:
            raise FieldFault("new_password", "must differ from the current one")


class PasswordReset(msgspec.Struct, forbid_unknown_fields=True):
    """Whose password to reset, and to what: without a password one is made."""

    username: Username
    new_password: NewPassword | None = None


class TokenPair(msgspec.Struct):
    """An access token, and the refresh token that gets the next one."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, Meta(description="Seconds until the access token ends.", examples=[600])]
    refresh_token: Annotated[str | None, Meta(description="null for a session as another user.")]
    refresh_expires_at: datetime | None
    session_id: Id
    user: User
    clinic: Clinic


class Me(msgspec.Struct):
    """Who is logged in."""

    user: User
    patient_id: Annotated[int | None, Meta(description="The record that the login is linked to.")]
    employee_id: Annotated[int | None, Meta(description="The employee that the login is linked to.")]
    permissions: list[Permission]
    session_id: Id
    impersonator_id: Annotated[int | None, Meta(description="The admin who acts as this user.")]


class Session(msgspec.Struct):
    """A login on one device, from the password to the logout."""

    session_id: Id
    user_id: Id
    created_at: datetime
    last_used_at: Annotated[datetime, Meta(description="When it was opened or last refreshed.")]
    expires_at: datetime
    revoked_at: datetime | None
    ip: str | None
    user_agent: str | None
    device_name: str | None
    impersonator_id: Annotated[int | None, Meta(description="The admin who acts as this user.")]
    is_current: Annotated[bool, Meta(description="Whether this request is made in it.")]


class Revoked(msgspec.Struct):
    """How many sessions have been ended."""

    revoked: int


class ResetUser(msgspec.Struct):
    """A user whose password has been reset."""

    user: User
    temporary_password: Annotated[
        str | None, Meta(description="The password that was made; shown this once. null when one was sent.")
    ]


class OpenSession(msgspec.Struct):
    """A session, its user as he is now, and what tokens are made of."""

    session_id: int
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
