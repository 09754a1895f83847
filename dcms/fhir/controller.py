"""The endpoints of Patient, Practitioner and Procedure, and what the view can do."""

from typing import Annotated, Any

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from dcms.access.permissions import Permission
from dcms.fhir import examples, procedures
from dcms.fhir.answers import (
    ById,
    Count,
    Format,
    NextPage,
    base_of,
    bundle_answer,
    check_own,
    fhir_page,
    note_patients,
    resource_answer,
)
from dcms.fhir.capability import capability_statement
from dcms.fhir.elements import BASE, FHIR_JSON
from dcms.fhir.patients import patient, register_numbers
from dcms.fhir.practitioners import practitioner
from dcms.fhir.procedures import procedure
from dcms.fhir.repository import FhirRepository, PatientSearch, ProcedureSearch
from dcms.fhir.searching import codes, days_between, ids_named, ids_of, instants_between
from dcms.patients.repository import PatientRepository
from dcms.patients.structs import PatientFilter
from dcms.web.fields import Name, PathId
from dcms.web.pages import DEFAULT_LIMIT
from dcms.web.problems import Invalid
from dcms.web.requests import ApiRequest

TERMS: dict[str, Any] = {"produces": (FHIR_JSON,)}

ByName = Annotated[Name | None, QueryParameter(name="name", description="Beginnings of parts of the name.")]
ByIdentifier = Annotated[
    Name | None, QueryParameter(name="identifier", description="The register number, alone or as `system|value`.")
]
ByBirthDate = Annotated[
    list[str] | None,
    QueryParameter(name="birthdate", description="A date, after eq, ge, gt, le or lt; several narrow."),
]
ByDate = Annotated[
    list[str] | None,
    QueryParameter(name="date", description="A date or a time, after eq, ge, gt, sa, le, lt or eb; several narrow."),
]
ByPatient = Annotated[str | None, QueryParameter(name="patient", description="`Patient/1`, or `1`.")]
ByPerformer = Annotated[str | None, QueryParameter(name="performer", description="`Practitioner/1`.")]
ByStatus = Annotated[str | None, QueryParameter(name="status", description="FHIR's codes, separated by commas.")]


class FhirController(Controller):
    """A read view of the clinic as HL7 FHIR R4 (4.0.1): reads and searches, every error an OperationOutcome."""

    path = BASE
    tags = ("fhir",)

    @get("/metadata", permission=Permission.PUBLIC, example=examples.CAPABILITY, **TERMS)
    async def get_fhir_metadata(self, request: ApiRequest, form: Format = None) -> Response[bytes]:
        """Say what the view can do, as a CapabilityStatement."""
        return resource_answer(capability_statement(base_of(request)))

    @get(
        "/Patient/{patient_id:int}",
        permission=Permission.PATIENTS_READ,
        open_to_patients=True,
        reads_patient=True,
        example=examples.PATIENT,
        **TERMS,
    )
    async def read_fhir_patient(
        self, request: ApiRequest, fhir: NamedDependency[FhirRepository], patient_id: PathId, form: Format = None
    ) -> Response[bytes]:
        """Show a patient as a Patient."""
        return resource_answer(patient(await fhir.patient(patient_id), base_of(request)))

    @get(
        "/Patient",
        permission=Permission.PATIENTS_READ,
        open_to_patients=True,
        example=examples.bundle("Patient"),
        **TERMS,
    )
    async def search_fhir_patients(
        self,
        request: ApiRequest,
        fhir: NamedDependency[FhirRepository],
        patients: NamedDependency[PatientRepository],
        ids: ById = None,
        identifier: ByIdentifier = None,
        name: ByName = None,
        birthdate: ByBirthDate = None,
        count: Count = DEFAULT_LIMIT,
        cursor: NextPage = None,
        form: Format = None,
    ) -> Response[bytes]:
        """Search patients, newest first; with `name` alone as the API's `query` does, best first.

        With `name` alone, `birthdate` is one whole day. A patient's login finds itself.
        """
        base = base_of(request)
        page = fhir_page(request, count, cursor)
        wanted_ids = ids_of(ids)
        check_own(request, wanted_ids)
        since, before = days_between("birthdate", birthdate)
        if name and wanted_ids is None and identifier is None and request.caller.own_patient_id is None:
            if since and (before is None or (before - since).days != 1):
                raise Invalid.of("birthdate", "must be one day beside name")
            found = await patients.find(PatientFilter(name, born=since), page)
        else:
            system, bar, number = (identifier or "").rpartition("|")
            if bar and system not in ("", register_numbers(base)):
                wanted_ids = []
            found = await fhir.patients(
                PatientSearch(
                    ids=wanted_ids,
                    register_number=number or None,
                    name=name,
                    born_since=since,
                    born_before=before,
                ),
                page,
            )
        request.exchange.listed_patients = [record.patient_id for record in found.items]
        return bundle_answer(request, [patient(record, base) for record in found.items], found.next_cursor)

    @get("/Practitioner/{employee_id:int}", permission=Permission.STAFF_READ, example=examples.PRACTITIONER, **TERMS)
    async def read_fhir_practitioner(
        self, fhir: NamedDependency[FhirRepository], employee_id: PathId, form: Format = None
    ) -> Response[bytes]:
        """Show an employee as a Practitioner."""
        return resource_answer(practitioner(await fhir.employee(employee_id)))

    @get("/Practitioner", permission=Permission.STAFF_READ, example=examples.bundle("Practitioner"), **TERMS)
    async def search_fhir_practitioners(
        self,
        request: ApiRequest,
        fhir: NamedDependency[FhirRepository],
        ids: ById = None,
        name: ByName = None,
        count: Count = DEFAULT_LIMIT,
        cursor: NextPage = None,
        form: Format = None,
    ) -> Response[bytes]:
        """Search employees, by name; with `name` best first. Archived ones aren't active."""
        found = await fhir.employees(ids_of(ids), name, None, fhir_page(request, count, cursor))
        return bundle_answer(request, [practitioner(record) for record in found.items], found.next_cursor)

    @get(
        "/Procedure/{treatment_item_id:int}",
        permission=Permission.TREATMENTS_READ,
        open_to_patients=True,
        example=examples.PROCEDURE,
        **TERMS,
    )
    async def read_fhir_procedure(
        self,
        request: ApiRequest,
        fhir: NamedDependency[FhirRepository],
        treatment_item_id: PathId,
        form: Format = None,
    ) -> Response[bytes]:
        """Show an item of a treatment as a Procedure, its teeth as body sites in ISO 3950."""
        return resource_answer(procedure(await fhir.procedure(treatment_item_id), base_of(request)))

    @get(
        "/Procedure",
        permission=Permission.TREATMENTS_READ,
        open_to_patients=True,
        example=examples.bundle("Procedure"),
        **TERMS,
    )
    async def search_fhir_procedures(
        self,
        request: ApiRequest,
        fhir: NamedDependency[FhirRepository],
        ids: ById = None,
        of_patient: ByPatient = None,
        performer: ByPerformer = None,
        date: ByDate = None,
        status: ByStatus = None,
        count: Count = DEFAULT_LIMIT,
        cursor: NextPage = None,
        form: Format = None,
    ) -> Response[bytes]:
        """Search the items of treatments, oldest first; `date` is when they were done."""
        base = base_of(request)
        patient_ids = ids_named("patient", of_patient, base, "Patient")
        check_own(request, patient_ids)
        wanted = codes("status", status, procedures.KNOWN_STATUSES)
        since, before = instants_between("date", date, request.context.zone)
        search = ProcedureSearch(
            ids=ids_of(ids),
            patient_ids=patient_ids,
            doctor_ids=ids_named("performer", performer, base, "Practitioner"),
            statuses=None if wanted is None else procedures.statuses_of(wanted),
            since=since,
            before=before,
        )
        found = await fhir.procedures(search, fhir_page(request, count, cursor))
        note_patients(request, patient_ids)
        return bundle_answer(request, [procedure(record, base) for record in found.items], found.next_cursor)
