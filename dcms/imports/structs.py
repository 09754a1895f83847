"""The shapes of imports."""

from typing import Any, Literal

import msgspec

from dcms.appointments.structs import NewAppointment, Side, Status
from dcms.web.bodies import FieldFault
from dcms.web.fields import Text
from dcms.web.problems import FieldError

Kind = Literal["patient", "appointment"]


class Line(msgspec.Struct):
    """A row of a file; the header is row 1, as spreadsheets count."""

    number: int
    cells: dict[str, str]
    # why it can't be read
    fault: str | None = None


class Record(msgspec.Struct):
    """A row as the mapping reads it."""

    row: int
    source_id: str
    values: dict[str, Any]
    errors: list[FieldError]
    digest: str = ""


class Entry(msgspec.Struct):
    """A row that may go in: what its statement takes, and whom it needs held."""

    record: Record
    values: dict[str, Any]


class Refusal(msgspec.Struct, frozen=True):
    """A line of the report."""

    row: int
    source_id: str
    code: str
    field: str
    message: str


class KnownRow(msgspec.Struct):
    """A row that is in already."""

    source_id: str
    digest: bytes


class ClinicTerms(msgspec.Struct):
    """How the clinic reads local times and numbers."""

    timezone: str
    default_region: str


class NamedPatient(msgspec.Struct):
    """A patient as a file names him."""

    name: str
    id: int


class Resource(msgspec.Struct):
    """A doctor, chair or service as a file may name it."""

    kind: Literal["doctor", "chair", "service"]
    name: str
    id: int
    is_active: bool


class Counts(msgspec.Struct):
    """What became of the rows of a file."""

    added: int = 0
    known: int = 0
    changed: int = 0
    refused: int = 0

    @property
    def rows(self) -> int:
        """How many there were."""
        return self.added + self.known + self.changed + self.refused


class ImportedAppointment(NewAppointment, forbid_unknown_fields=True, kw_only=True):
    """An appointment of another system, with what became of it."""

    status: Status = "booked"
    cancel_reason: Text | None = None
    cancelled_by: Side | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.status != "cancelled":
            for field in ("cancel_reason", "cancelled_by"):
                if getattr(self, field) is not None:
                    raise FieldFault(field, "belongs to a cancelled appointment")
