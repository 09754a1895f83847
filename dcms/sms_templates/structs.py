"""The shapes of templates."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from dcms.sms.structs import TemplateText
from dcms.web.fields import Id, Name

Locale = Annotated[
    str, Meta(max_length=35, pattern=r"^[A-Za-z]{2,8}([_-][A-Za-z0-9]{1,8})*$", examples=["de", "en-GB"])
]


class Template(msgspec.Struct):
    """A text to be used again."""

    template_id: Id
    name: str
    text: str
    locale: str | None
    is_active: bool
    created_at: datetime
    version: int


class NewTemplate(msgspec.Struct, forbid_unknown_fields=True):
    """A template to be."""

    name: Name
    text: TemplateText
    locale: Locale | None = None
    is_active: bool = True


class TemplateChanges(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Changes of a template: what is absent stays."""

    name: Name | UnsetType = UNSET
    text: TemplateText | UnsetType = UNSET
    locale: Locale | None | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
