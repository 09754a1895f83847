"""The endpoints of the chart."""

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from dcms.access.permissions import Permission
from dcms.odontogram.chart import odontogram
from dcms.odontogram.drawing import draw
from dcms.odontogram.repository import OdontogramRepository
from dcms.odontogram.structs import HistoryEntry, Odontogram
from dcms.teeth.structs import SystemName
from dcms.web.answers import JSON, Answer
from dcms.web.fields import Day, Id, PathId
from dcms.web.negotiation import preferred
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest

SVG = "image/svg+xml"
VARY = {"Vary": "Accept"}


class OdontogramController(Controller):
    """The chart of a patient's teeth."""

    path = "/patients/{patient_id:int}/odontogram"
    tags = ("treatments",)

    @get("/", permission=Permission.TREATMENTS_READ, open_to_patients=True, produces=(SVG,), may_be_stale=True)
    async def get_odontogram(
        self,
        request: ApiRequest,
        charts: NamedDependency[OdontogramRepository],
        patient_id: PathId,
        system: SystemName = None,
        as_of: FromQuery[Day | None] = None,
    ) -> Response[Odontogram]:
        """Show a patient's chart at the end of a day, today by default; drawn for `Accept: image/svg+xml`.

        It holds the 32 permanent teeth, and the primary and extra ones with a record; of a child under 13 all primary
        ones. It is derived from what is done, the newest wins, by tooth and by surface: a finding with surfaces is one
        of these (sound, caries, filled, sealed, inlay, veneer, fractured), any other one of the whole tooth. Extracted,
        missing, prosthesis, implant, crown, bridge and sound end what was on the surfaces; after the first four the
        natural tooth is no longer `present`, unless something natural is found there later. `planned` is what was
        planned on that day.
        """
        records = await charts.chart(patient_id, system, as_of)
        chart = odontogram(records)
        if preferred(request.headers.get("accept"), (JSON, SVG)) == SVG:
            drawing: Response[Odontogram] = Response(draw(chart, records.teeth), media_type=SVG, headers=VARY)  # type: ignore[arg-type]
            return drawing
        return Answer(chart, headers=VARY)

    @get("/history", permission=Permission.TREATMENTS_READ, open_to_patients=True, may_be_stale=True)
    async def list_tooth_history(
        self,
        request: ApiRequest,
        charts: NamedDependency[OdontogramRepository],
        patient_id: PathId,
        tooth_id: FromQuery[Id],
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[HistoryEntry]:
        """List what was found or done on a tooth, oldest first, then by treatment item: what its chart is made of."""
        return await charts.find_history(patient_id, tooth_id, request.page(limit, cursor))
