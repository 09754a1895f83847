"""Texts before they are sent: templates, and the values of records that they name."""

from collections.abc import Mapping

import msgspec

from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.sms.structs import MAX_SENT_LENGTH
from dcms.sms.templates import Rendered, render
from dcms.web.problems import Refused

SQL = queries("sms")

Context = Mapping[str, str | int | float]


class Values(msgspec.Struct, frozen=True):
    """What the records have for a template."""

    patient_id: int | None
    first_name: str | None
    last_name: str | None
    date: str | None
    time: str | None
    doctor: str | None
    clinic_name: str | None
    clinic_phone: str | None
    appointment_id: int | None

    def named(self, context: Context) -> dict[str, str]:
        """The values by the names that templates use; those of the context go first."""
        records = {
            "patient.first_name": self.first_name,
            "patient.last_name": self.last_name,
            "appointment.date": self.date,
            "appointment.time": self.time,
            "appointment.doctor": self.doctor,
            "clinic.name": self.clinic_name,
            "clinic.phone": self.clinic_phone,
        }
        return {name: value for name, value in records.items() if value is not None} | written(context)


class Text(msgspec.Struct, frozen=True):
    """A template as it is stored."""

    text: str
    is_active: bool


class Drafts:
    """Reads templates and the values for them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def template(self, template_id: int, *, is_preview: bool = False) -> str:
        """A template's text. Raises Refused when there is none, or none to be sent."""
        found = await self._database.first(SQL.template, Text, template_id=template_id)
        if found is None:
            raise Refused("unknown_reference", "There is no such template.", field="template_id")
        if not found.is_active and not is_preview:
            raise Refused("inactive", "The template is not active.", field="template_id")
        return found.text

    async def values(self) -> dict[str, str]:
        """The clinic's values, by the names that templates use."""
        values = await self._database.one(SQL.values, Values, patient_id=None, appointment_id=None)
        return values.named({})

    async def fill(self, text: str, patient_id: int | None, appointment_id: int | None, context: Context) -> Rendered:
        """Put the records' values and the context's into a text. Raises Refused for records that don't exist."""
        values = await self._database.one(SQL.values, Values, patient_id=patient_id, appointment_id=appointment_id)
        if patient_id is not None and values.patient_id is None:
            raise Refused("unknown_reference", "There is no such patient.", field="patient_id")
        if appointment_id is not None and values.appointment_id is None:
            raise Refused("unknown_reference", "The patient has no such appointment.", field="appointment_id")
        return render(text, values.named(context))


def written(context: Context) -> dict[str, str]:
    """A context's values as they appear in a text."""
    return {name: str(value) for name, value in context.items()}


def complete(rendered: Rendered) -> str:
    """A rendered text that says something. Raises Refused for missing values and for an empty one."""
    if rendered.missing:
        raise Refused("missing_values", "The template names values that there are none for.", missing=rendered.missing)
    if not rendered.text.strip():
        raise Refused("empty", "The text is empty.")
    return rendered.text


def require_sendable(text: str) -> None:
    """Refuse what the provider does not take in one message."""
    if len(text) > MAX_SENT_LENGTH:
        raise Refused("text_too_long", f"The text has more than {MAX_SENT_LENGTH} characters.", field="text")
