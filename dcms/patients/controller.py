"""The endpoints of patients."""

from datetime import date

from litestar import Controller, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody

from dcms.access.permissions import Permission
from dcms.patients.repository import PatientRepository
from dcms.patients.structs import (
    NOT_MERGED,
    AddedPatient,
    Duplicate,
    NewPatient,
    Patient,
    PatientChanges,
    PatientFilter,
    PatientStatus,
    SearchText,
)
from dcms.patients.summary import PatientSummary
from dcms.web.answers import created
from dcms.web.fields import Id, PathId
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest


class PatientController(Controller):
    """Patients' records."""

    path = "/patients"
    tags = ("patients",)

    @get("/", permission=Permission.PATIENTS_READ, may_be_stale=True)
    async def list_patients(
        self,
        request: ApiRequest,
        patients: NamedDependency[PatientRepository],
        text: SearchText = None,
        status: FromQuery[list[PatientStatus] | None] = None,
        born: FromQuery[date | None] = None,
        doctor_id: FromQuery[Id | None] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Patient]:
        """List patients, newest first; or search them, best first, then by id, 1,000 at most.

        `query` finds by parts of names in any order, with or without accents, by the start of a register number or of
        an email, and by the digits of a phone number in any spelling. Of a name two letters of a word's beginning will
        do; a word of five letters or more is also found with one letter wrong, missing, doubled or swapped. Merged
        patients are found by `status=merged` only. `doctor_id` is for those who have an appointment (not cancelled)
        or a treatment with the doctor.
        """
        wanted = PatientFilter(text, status or NOT_MERGED, born, doctor_id)
        page = await patients.find(wanted, request.page(limit, cursor))
        request.exchange.listed_patients = [patient.patient_id for patient in page.items]
        return page

    @post("/", permission=Permission.PATIENTS_WRITE)
    async def add_patient(
        self, request: ApiRequest, patients: NamedDependency[PatientRepository], data: JSONBody[NewPatient]
    ) -> Response[AddedPatient]:
        """Add a patient, with his phone numbers; the answer says who may be the same person."""
        patient = await patients.add(data)
        if patient.possible_duplicates:
            request.exchange.listed_patients = [each.patient.patient_id for each in patient.possible_duplicates]
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

    @get("/{patient_id:int}/summary", permission=Permission.PATIENTS_READ, open_to_patients=True, may_be_stale=True)
    async def get_patient_summary(
        self, request: ApiRequest, patients: NamedDependency[PatientRepository], patient_id: PathId
    ) -> PatientSummary:
        """Show a patient at once: record, numbers, next and last appointment, balance, counts, the newest messages.

        What the caller may not read is null or empty.
        """
        return await patients.summary(patient_id, request.caller)

    @post("/{patient_id:int}/archive", permission=Permission.PATIENTS_WRITE, status_code=200)
    async def archive_patient(
        self,
        patients: NamedDependency[PatientRepository],
        patient_id: PathId,
        cancel_future: FromQuery[bool] = False,
    ) -> Patient:
        """Archive a patient: no new appointment, treatment or message.

        His future appointments stand against it (409 `has_future_appointments` with their `count`), unless
        `cancel_future` cancels them.
        """
        return await patients.archive(patient_id, cancel_future)

    @post("/{patient_id:int}/restore", permission=Permission.PATIENTS_WRITE, status_code=200)
    async def restore_patient(self, patients: NamedDependency[PatientRepository], patient_id: PathId) -> Patient:
        """Take a patient out of the archive."""
        return await patients.restore(patient_id)

    @post(
        "/{patient_id:int}/link_user/{user_id:int}",
        permission=Permission.PATIENTS_WRITE,
        changes_access=True,
        status_code=200,
    )
    async def link_patient_user(
        self, patients: NamedDependency[PatientRepository], patient_id: PathId, user_id: PathId
    ) -> Patient:
        """Link a patient to a patient's login, which then sees this record and no other."""
        return await patients.link_user(patient_id, user_id)

    @post("/{patient_id:int}/unlink_user", permission=Permission.PATIENTS_WRITE, changes_access=True, status_code=200)
    async def unlink_patient_user(self, patients: NamedDependency[PatientRepository], patient_id: PathId) -> Patient:
        """Take the login from a patient."""
        return await patients.unlink_user(patient_id)

    @get("/{patient_id:int}/duplicates", permission=Permission.PATIENTS_READ, may_be_stale=True)
    async def list_duplicates(
        self,
        request: ApiRequest,
        patients: NamedDependency[PatientRepository],
        patient_id: PathId,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Duplicate]:
        """List who is likely the same person, best first, then by id."""
        page = await patients.duplicates(patient_id, request.page(limit, cursor))
        request.exchange.listed_patients = [patient_id, *(each.patient.patient_id for each in page.items)]
        return page
