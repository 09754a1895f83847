"""The shapes of the audit log."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Action = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=50,
        description="create, update, delete, read, login, login_failed, logout, denied, export and others.",
        examples=["update"],
    ),
]
Entity = Annotated[str, Meta(min_length=1, max_length=63, description="The table's name.", examples=["patient"])]
Fields = Annotated[
    dict[str, Any],
    Meta(description="The fields that changed, by name; secrets are left out.", examples=[{"last_name": "Meier"}]),
]


class AuditEntry(msgspec.Struct):
    """Who did what, as whom, when and from where."""

    audit_id: int
    at: datetime
    # as whom; who it was then is `impersonator_id`
    actor_id: int | None
    impersonator_id: int | None
    session_id: int | None
    action: Action
    entity: Entity
    entity_id: int | None
    patient_id: int | None
    ip: str | None
    user_agent: str | None
    request_id: str | None
    before: Fields | None
    after: Fields | None


class Sealed(msgspec.Struct):
    """What one sealing did."""

    entries: int
    last_position: int | None
    last_digest: bytes | None


class AuditFault(msgspec.Struct):
    """An entry that isn't as it was sealed; `unchained`: seals before it are gone, `added`: it was never sealed."""

    position: int | None
    audit_id: int | None
    kind: Literal["changed", "deleted", "moved", "added", "unchained"]


class AuditCheck(msgspec.Struct):
    """What became of the entries since they were sealed."""

    is_intact: bool
    checked: int
    fault_count: int
    faults: Annotated[list[AuditFault], Meta(description="The first 100.")]
    next_after: Annotated[int | None, Meta(description="Where to go on; null at the end of the chain.")]
    unsealed: Annotated[int, Meta(description="Entries that wait for their seal, counted up to 10,000.")]
    last_position: int | None
    last_digest: Annotated[
        str | None, Meta(description="The end of the chain: noted elsewhere, it shows whether all was sealed anew.")
    ]
