"""The shapes of the audit log."""

from datetime import datetime
from typing import Annotated, Any

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
