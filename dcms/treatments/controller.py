"""The endpoints of treatments."""

from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody

from dcms.access.permissions import Permission
from dcms.treatments.repository import TreatmentFilters, TreatmentRepository
from dcms.treatments.structs import NewTreatment, Treatment, TreatmentChanges, TreatmentStatus, WholeTreatment
from dcms.web.answers import created
from dcms.web.fields import FromDay, Id, PathId, ToDay
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest


class TreatmentController(Controller):
    """Treatments, planned and done."""

    path = "/treatments"
    tags = ("treatments",)

    @get("/", permission=Permission.TREATMENTS_READ, open_to_patients=True, may_be_stale=True)
    async def list_treatments(
        self,
        request: ApiRequest,
        treatments: NamedDependency[TreatmentRepository],
        patient_id: FromQuery[Id | None] = None,
        doctor_id: FromQuery[list[Id] | None] = None,
        status: FromQuery[list[TreatmentStatus] | None] = None,
        from_day: FromDay = None,
        to_day: ToDay = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Treatment]:
        """List treatments without their items, newest `performed_on` first, then newest id.

        `from` and `to` are days of `performed_on`.
        """
        wanted = TreatmentFilters(patient_id, doctor_id, status, from_day, to_day)
        return await treatments.find(wanted, request.page(limit, cursor))

    @post("/", permission=Permission.TREATMENTS_WRITE)
    async def add_treatment(
        self, treatments: NamedDependency[TreatmentRepository], data: JSONBody[NewTreatment]
    ) -> Response[WholeTreatment]:
        """Add a treatment with its items and their teeth, all or nothing."""
        treatment = await treatments.add(data)
        return created(treatment, f"/treatments/{treatment.treatment_id}")

    @get("/{treatment_id:int}", permission=Permission.TREATMENTS_READ, open_to_patients=True)
    async def get_treatment(
        self, treatments: NamedDependency[TreatmentRepository], treatment_id: PathId
    ) -> WholeTreatment:
        """Show one treatment with its items."""
        return await treatments.get(treatment_id)

    @patch("/{treatment_id:int}", permission=Permission.TREATMENTS_WRITE)
    async def update_treatment(
        self, treatments: NamedDependency[TreatmentRepository], treatment_id: PathId, data: JSONBody[TreatmentChanges]
    ) -> WholeTreatment:
        """Change a treatment: what is absent stays, null clears. Any status may follow any other."""
        return await treatments.update(treatment_id, data)

    @delete("/{treatment_id:int}", permission=Permission.TREATMENTS_WRITE)
    async def delete_treatment(self, treatments: NamedDependency[TreatmentRepository], treatment_id: PathId) -> None:
        """Take a treatment away, with its items and their teeth. It stays in the audit log."""
        await treatments.delete(treatment_id)


class PatientTreatmentController(Controller):
    """The treatments of one patient."""

    path = "/patients/{patient_id:int}/treatments"
    tags = ("treatments",)

    @get("/", permission=Permission.TREATMENTS_READ, open_to_patients=True, may_be_stale=True)
    async def list_treatments_of_patient(
        self,
        request: ApiRequest,
        treatments: NamedDependency[TreatmentRepository],
        patient_id: PathId,
        doctor_id: FromQuery[list[Id] | None] = None,
        status: FromQuery[list[TreatmentStatus] | None] = None,
        from_day: FromDay = None,
        to_day: ToDay = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Treatment]:
        """List a patient's treatments without their items, newest `performed_on` first, then newest id."""
        wanted = TreatmentFilters(patient_id, doctor_id, status, from_day, to_day)
        return await treatments.find_of_patient(wanted, request.page(limit, cursor))

    @get("/by_tooth", permission=Permission.TREATMENTS_READ, open_to_patients=True, may_be_stale=True)
    async def list_treatments_by_tooth(
        self,
        request: ApiRequest,
        treatments: NamedDependency[TreatmentRepository],
        patient_id: PathId,
        tooth_id: FromQuery[Id],
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[WholeTreatment]:
        """List a patient's treatments of one tooth, newest `performed_on` first; items are cut to that tooth."""
        return await treatments.find_by_tooth(patient_id, tooth_id, request.page(limit, cursor))
