"""The shapes of text messages, templates and batches."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from dcms.patients.structs import PatientStatus
from dcms.sms.encoding import Encoding
from dcms.sms.templates import NAME, template_faults
from dcms.web.bodies import FieldFault
from dcms.web.fields import Id, Instant
from dcms.web.problems import FieldError

# what the provider takes in one message; what is only written down, or has yet to be filled in, may be longer
MAX_SENT_LENGTH = 1600
MAX_TEXT_LENGTH = 10_000
MAX_RECIPIENTS = 10_000

SmsStatus = Literal[
    "scheduled",
    "queued",
    "sending",
    "sent",
    "delivered",
    "undelivered",
    "failed",
    "received",
    "logged",
    "canceled",
]
Direction = Literal["in", "out"]


def name_faults(values: dict[str, str | int | float]) -> list[FieldError]:
    """Keys that no template could name."""
    return [
        FieldError(key[:100], "is not a name: letters, digits, underscores and points")
        for key in values
        if NAME.fullmatch(key) is None
    ]


MessageText = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_TEXT_LENGTH,
        description=f"Sent as it is; over {MAX_SENT_LENGTH} characters it can only be logged (422 `text_too_long`).",
        examples=["See you tomorrow at 9:00."],
    ),
]
TemplateText = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_TEXT_LENGTH,
        extra={"check": template_faults},
        description="A text in which `{{name}}` stands for a value.",
        examples=["Dear {{patient.first_name}}, we moved to a new address."],
    ),
]
TemplateContext = Annotated[
    dict[
        Annotated[str, Meta(min_length=1, max_length=100)],
        Annotated[str, Meta(max_length=MAX_SENT_LENGTH)] | int | float,
    ],
    Meta(
        max_length=50,
        extra={"check": name_faults},
        description="Values for the template's other names; one given here goes before the record's.",
        examples=[{"day": "Monday"}],
    ),
]


class Sms(msgspec.Struct):
    """A text message, in or out."""

    sms_id: Id
    # the patient's hold on the number, while he has it
    phone_number_id: int | None
    patient_id: int | None
    # when patient_id is null: who holds the number
    candidates: list[int]
    # null when the sender is not a phone number
    e164: str | None
    direction: Direction
    text: str
    status: SmsStatus
    segments: int
    encoding: Encoding
    template_id: int | None
    batch_id: int | None
    appointment_id: int | None
    provider: str | None
    provider_message_id: str | None
    error_code: str | None
    scheduled_for: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    received_at: datetime | None
    reviewed_at: datetime | None
    reviewed_by: int | None
    created_by: int | None
    created_at: datetime
    version: int


class NewSms(msgspec.Struct, forbid_unknown_fields=True):
    """A message to one number: a literal text, or a template and values for its names."""

    text: MessageText | None = None
    template_id: Id | None = None
    context: TemplateContext = {}
    # false: it was said some other way and is only written down
    send: bool = True
    scheduled_for: Instant | None = None

    def __post_init__(self) -> None:
        require_one_of(self, "text", "template_id")
        if self.context and self.template_id is None:
            raise FieldFault("context", "belongs to a template_id: a text is sent as it is")
        if not self.send and self.scheduled_for is not None:
            raise FieldFault("scheduled_for", "can't be given for what is only logged")


class Draft(msgspec.Struct, forbid_unknown_fields=True):
    """A text to be previewed."""

    text: TemplateText | None = None
    template_id: Id | None = None
    patient_id: Id | None = None
    appointment_id: Id | None = None
    context: TemplateContext = {}

    def __post_init__(self) -> None:
        require_one_of(self, "text", "template_id")


class Preview(msgspec.Struct):
    """What a text would be, and how it would travel."""

    text: str
    encoding: Encoding
    segments: int
    # in septets (GSM-7) or 16-bit units (UCS-2)
    length: int
    # names without a value, which stay as they are written
    missing: list[str]


class RecipientFilter(msgspec.Struct, forbid_unknown_fields=True):
    """The parameters of GET /patients."""

    query: Annotated[str, Meta(min_length=1, max_length=300)] | None = None
    status: PatientStatus | Annotated[list[PatientStatus], Meta(min_length=1)] | None = None
    born: date | None = None
    doctor_id: Id | None = None


PatientIds = Annotated[list[Id], Meta(min_length=1, max_length=MAX_RECIPIENTS, examples=[[1, 2, 3]])]


class BulkSend(msgspec.Struct, forbid_unknown_fields=True):
    """A text for many patients: by their ids, or by a filter; each number gets it once."""

    patient_ids: PatientIds | None = None
    filter: RecipientFilter | None = None
    text: TemplateText | None = None
    template_id: Id | None = None
    context: TemplateContext = {}
    scheduled_for: Instant | None = None
    # true: say whom it would reach, and send nothing
    dry_run: bool = False

    def __post_init__(self) -> None:
        require_one_of(self, "patient_ids", "filter")
        require_one_of(self, "text", "template_id")


SkipReason = Literal["no_phone", "opted_out", "archived", "merged", "duplicate_number", "not_found"]


class Skipped(msgspec.Struct):
    """A patient who gets none, and why."""

    patient_id: int
    reason: SkipReason


class BulkSent(msgspec.Struct):
    """What became of a bulk message."""

    # null after a dry run
    batch_id: int | None
    queued: int
    skipped: list[Skipped]


class Batch(msgspec.Struct):
    """How far a bulk message has come."""

    batch_id: Id
    created_at: datetime
    total: int
    # status → messages
    counts: dict[str, int]


def require_one_of(body: msgspec.Struct, first: str, second: str) -> None:
    """Raise the fault of a body that has both of two fields, or neither."""
    given = [name for name in (first, second) if getattr(body, name) is not None]
    if len(given) != 1:
        raise FieldFault(given[1] if given else first, f"give either {first} or {second}")
