"""The endpoints of patients."""

from datetime import date

from litestar import Controller, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody

from dcms.access.permissions import Permission
from dcms.patients.repository import PatientRepository
from dcms.patients.structs import NewPatient, Patient, PatientChanges, PatientStatus
from dcms.web.answers import created
from dcms.web.fields import PathId
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest


class PatientController(Controller):
    """Patients' records."""

    path = "/patients"
    tags = ("patients",)

    @get("/", permission=Permission.PATIENTS_READ)
    async def list_patients(
        self,
        request: ApiRequest,
        patients: NamedDependency[PatientRepository],
        status: FromQuery[list[PatientStatus] | None] = None,
        born: FromQuery[date | None] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Patient]:
        """List patients, newest first."""
        page = await patients.find(status, born, request.page(limit, cursor))
        request.exchange.listed_patients = [patient.patient_id for patient in page.items]
        return page

    @post("/", permission=Permission.PATIENTS_WRITE)
    async def add_patient(
        self, patients: NamedDependency[PatientRepository], data: JSONBody[NewPatient]
    ) -> Response[Patient]:
        """Add a patient, with his phone numbers."""
        patient = await patients.add(data)
        return created(patient, f"/patients/{patient.patient_id}")

    @get("/{patient_id:int}", permission=Permission.PATIENTS_READ, open_to_patients=True)
    async def get_patient(self, patients: NamedDependency[PatientRepository], patient_id: PathId) -> Patient:
        """Show one patient."""
        return await patients.get(patient_id)

    @patch("/{patient_id:int}", permission=Permission.PATIENTS_WRITE)
    async def update_patient(
        self, patients: NamedDependency[PatientRepository], patient_id: PathId, data: JSONBody[PatientChanges]
    ) -> Patient:
        """Change a patient: what is absent stays, null clears."""
        return await patients.update(patient_id, data)
