"""The endpoint that exports patients."""

from datetime import date

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from dcms.access.permissions import Permission
from dcms.export.repository import ExportRepository
from dcms.export.stream import ExportStream
from dcms.patients.structs import NOT_MERGED, PatientFilter, PatientStatus, SearchText
from dcms.web.fields import Id
from dcms.web.requests import ApiRequest


class ExportController(Controller):
    """Patients' records as a file."""

    path = "/patients/export.csv"
    tags = ("patients",)

    @get("/", permission=Permission.PATIENTS_EXPORT, produces=("text/csv",))
    async def export_patients(
        self,
        request: ApiRequest,
        exports: NamedDependency[ExportRepository],
        text: SearchText = None,
        status: FromQuery[list[PatientStatus] | None] = None,
        born: FromQuery[date | None] = None,
        doctor_id: FromQuery[Id | None] = None,
    ) -> ExportStream:
        """Export the patients of a list as CSV (RFC 4180), in the list's order and as they are at one moment.

        The first line names the fields of a patient. Values are written as in JSON, null is empty, alerts are joined by
        `; `. A cell that a spreadsheet would compute (one that begins with `=`, `+`, `-`, `@`, tab or carriage return;
        phone numbers excepted) has a leading `'`. At most two exports run in a process: 503 beyond. One that breaks off
        closes the connection before the end of the body.
        """
        return await exports.open(PatientFilter(text, status or NOT_MERGED, born, doctor_id), request.context)
