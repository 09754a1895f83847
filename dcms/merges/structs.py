"""The shapes of merges."""

from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from dcms.patients.structs import Patient

Side = Literal["source", "target"]
SourceId = Annotated[int, Meta(ge=1, le=2**63 - 1, description="The patient who becomes merged.", examples=[2])]
Counts = Annotated[dict[str, int], Meta(description="Table → rows.", examples=[{"appointment": 3, "sms": 0}])]


class FieldChoices(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Whose value the survivor gets; his own stays where nothing is said, and the alerts of both are kept."""

    first_name: Side | UnsetType = UNSET
    last_name: Side | UnsetType = UNSET
    middle_name: Side | UnsetType = UNSET
    birth_date: Side | UnsetType = UNSET
    gender: Side | UnsetType = UNSET
    email: Side | UnsetType = UNSET
    address: Side | UnsetType = UNSET
    note: Side | UnsetType = UNSET
    alerts: Side | UnsetType = UNSET


class Merge(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to merge into the patient of the path, and which of his fields to take."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"source_patient_id": 2, "fields": {"email": "source"}, "dry_run": True}

    source_patient_id: SourceId
    fields: FieldChoices = msgspec.field(default_factory=FieldChoices)
    # true: say what it would do, and write nothing
    dry_run: bool = False


class Merged(msgspec.Struct):
    """What a merge did."""

    # the survivor
    patient: Patient
    moved: Counts
    dry_run: bool


class Unmerge(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to take out of the patient of the path again."""

    source_patient_id: SourceId


class KeptRow(msgspec.Struct):
    """A row that stays with the survivor."""

    # the table's name
    entity: str
    id: int


class Unmerged(msgspec.Struct):
    """What undoing a merge did."""

    # the survivor
    patient: Patient
    # the one who is a patient of his own again
    source: Patient
    returned: Counts
    # what was added since, and money that is bound to it
    kept: list[KeptRow]


class TableCount(msgspec.Struct):
    """How many rows of a table."""

    table_name: str
    number: int


class FoundMerge(msgspec.Struct):
    """A merge in the ledger."""

    merge_id: int
    is_undone: bool
