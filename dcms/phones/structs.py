"""The shapes of phone numbers."""

import msgspec

from dcms.phones.numbers import Spelling
from dcms.web.fields import Name


class NewPhoneNumber(msgspec.Struct, forbid_unknown_fields=True):
    """A number in any spelling."""

    number: Spelling
    label: Name | None = None
