"""The endpoint of timelines."""

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from dcms.access.permissions import Permission
from dcms.timeline.repository import TimelineRepository
from dcms.timeline.structs import Kind, TimelineEntry
from dcms.web.fields import FromInstant, PathId, ToInstant
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.problems import Invalid
from dcms.web.requests import ApiRequest


class TimelineController(Controller):
    """Patients' timelines."""

    path = "/patients/{patient_id:int}/timeline"
    tags = ("patients",)

    @get("/", permission=Permission.PATIENTS_READ, open_to_patients=True, may_be_stale=True)
    async def list_timeline(
        self,
        request: ApiRequest,
        timelines: NamedDependency[TimelineRepository],
        patient_id: PathId,
        since: FromInstant = None,
        until: ToInstant = None,
        kind: FromQuery[list[Kind] | None] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[TimelineEntry]:
        """List everything that happened with a patient, newest first, then by kind and id.

        Kinds that the caller may not read are left out.
        """
        if since and until and until < since:
            raise Invalid.of("to", "lies before from")
        return await timelines.find(request.caller, patient_id, since, until, kind, request.page(limit, cursor))
