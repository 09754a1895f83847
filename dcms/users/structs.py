"""The shapes of users."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from dcms.access.passwords import MAX_LENGTH, MIN_LENGTH
from dcms.access.permissions import Permission, Role
from dcms.web.fields import Id, Name
from dcms.web.problems import FieldError


def _check_roles(roles: list[Role]) -> Iterator[FieldError]:
    if Role.PATIENT in roles and len(set(roles)) > 1:
        yield FieldError("", "patient can't be combined with another role")


Roles = Annotated[
    list[Role],
    Meta(
        min_length=1,
        max_length=len(Role),
        description="One or more; `patient` stands alone.",
        examples=[["receptionist"]],
        extra={"check": _check_roles},
    ),
]
Username = Annotated[
    str,
    Meta(
        min_length=3,
        max_length=50,
        pattern=r"^[A-Za-z0-9._-]+$",
        description="Unique in any case; kept in lower case.",
        examples=["anna.mueller"],
    ),
]
NewPassword = Annotated[
    str,
    Meta(
        min_length=MIN_LENGTH,
        max_length=MAX_LENGTH,
        description="Must not be easy to guess, nor contain the username. Never trimmed.",
        examples=["several unrelated words"],
        extra={"verbatim": True},
    ),
]


class User(msgspec.Struct):
    """A login."""

    user_id: Id
    username: str
    display_name: str
    roles: list[Role]
    is_active: bool
    must_change_password: bool
    last_login_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class NewUser(msgspec.Struct, forbid_unknown_fields=True):
    """A login to be; without a password nobody can use it yet."""

    username: Username
    display_name: Name
    roles: Roles
    password: NewPassword | None = None
    must_change_password: Annotated[bool, Meta(description="True when a password is sent, unless sent as false.")] | (
        UnsetType
    ) = UNSET


class UserChanges(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Changes of a user: what is absent stays."""

    display_name: Name | UnsetType = UNSET
    roles: Roles | UnsetType = UNSET


class PasswordToSet(msgspec.Struct, forbid_unknown_fields=True):
    """A user's new password."""

    new_password: NewPassword
    must_change_password: bool = True


class Credentials(msgspec.Struct):
    """What a password is checked against."""

    user_id: int
    username: str
    password_hash: str | None
    is_active: bool
    roles: list[Role]


class RoleTerms(msgspec.Struct):
    """What a role may do."""

    role: Role
    title: str
    permissions: list[Permission]
