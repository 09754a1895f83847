"""The endpoint of the audit log."""

from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from dcms.access.permissions import Permission
from dcms.audit.repository import AuditFilters, AuditRepository
from dcms.audit.structs import Action, AuditEntry, Entity
from dcms.web.fields import FromInstant, Id, ToInstant
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest

OfPatient = Annotated[
    Id | None, QueryParameter(description="What is about this patient, lists and searches that showed him too.")
]
ByActor = Annotated[Id | None, QueryParameter(description="What was done as this user.")]


class AuditController(Controller):
    """The audit log."""

    path = "/audit"
    tags = ("audit",)

    @get("/logs", permission=Permission.AUDIT_READ)
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
