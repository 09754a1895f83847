"""The endpoint of the audit log."""

from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from msgspec import Meta

from dcms.access.permissions import Permission
from dcms.audit.repository import AuditFilters, AuditRepository
from dcms.audit.structs import Action, AuditCheck, AuditEntry, Entity
from dcms.web.fields import MAX_ID, FromInstant, Id, ToInstant
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest

# what is checked within the time that a statement has
MAX_CHECKED = 50_000

OfPatient = Annotated[
    Id | None, QueryParameter(description="What is about this patient, lists and searches that showed him too.")
]
AfterPosition = Annotated[
    int,
    Meta(ge=0, le=MAX_ID - MAX_CHECKED),
    QueryParameter(name="after", description="`next_after` of the check before."),
]
Most = Annotated[
    int, Meta(ge=1, le=MAX_CHECKED), QueryParameter(name="limit", description="How many entries to check at the most.")
]
ByActor = Annotated[Id | None, QueryParameter(description="What was done as this user.")]


class AuditController(Controller):
    """The audit log."""

    path = "/audit"
    tags = ("audit",)

    @get("/logs", permission=Permission.AUDIT_READ, may_be_stale=True)
    async def list_audit_logs(
        self,
        request: ApiRequest,
        audit: NamedDependency[AuditRepository],
        entity: FromQuery[Entity | None] = None,
        entity_id: FromQuery[Id | None] = None,
        patient_id: OfPatient = None,
        actor_id: ByActor = None,
        action: FromQuery[Action | None] = None,
        since: FromInstant = None,
        until: ToInstant = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[AuditEntry]:
        """List the entries of the audit log, newest first; those of one moment by id, the last first."""
        wanted = AuditFilters(entity, entity_id, patient_id, actor_id, action, since, until)
        return await audit.find(wanted, request.page(limit, cursor))

    @get("/verify", permission=Permission.AUDIT_READ)
    async def verify_audit_log(
        self, audit: NamedDependency[AuditRepository], after: AfterPosition = 0, most: Most = 20_000
    ) -> AuditCheck:
        """Compare entries with the seals they got soon after they were written; name each that isn't as it was."""
        return await audit.verify(after, most)
