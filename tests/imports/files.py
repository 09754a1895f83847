"""Files of another system, and what an import makes of them."""

import asyncio
import csv
import io
from pathlib import Path
from typing import Any

from dcms.imports.run import Order, run_import
from dcms.imports.structs import Counts, Kind
from tests.api import Api
from tests.databases import application_url

PATIENTS = """
source = "old"
date_formats = ["%d.%m.%Y"]

[fields]
source_id = "No"
first_name = "Given name"
last_name = "Surname"
middle_name = "Middle"
birth_date = "Born"
gender = "Sex"
email = "Email"
address = { columns = ["Street", "Town"], join = ", " }
note = "Remark"
alerts = { columns = ["Warnings"], split = "/" }
register_number = "Register"

[phone_numbers]
mobile = "Mobile"
home = "Home"

[values.gender]
f = "female"
m = "male"
"" = "unknown"
"""
APPOINTMENTS = """
source = "old"
time_formats = ["%d.%m.%Y %H:%M"]

[fields]
source_id = "No"
patient_source_id = "Patient"
doctor = "Doctor"
chair = "Room"
services = { columns = ["Services"], split = "+" }
starts_at = ["Date", "From"]
ends_at = ["Date", "To"]
duration_min = "Minutes"
status = "State"
note = "Remark"
cancel_reason = "Reason"
cancelled_by = "Side"
allow_overlap = "Double"
override_reason = "Why"

[values.status]
done = "finished"
"""
MAPPINGS: dict[Kind, str] = {"patient": PATIENTS, "appointment": APPOINTMENTS}
COLUMNS: dict[Kind, tuple[str, ...]] = {
    "patient": (
        "No",
        "Given name",
        "Surname",
        "Middle",
        "Born",
        "Sex",
        "Email",
        "Street",
        "Town",
        "Remark",
        "Warnings",
        "Register",
        "Mobile",
        "Home",
    ),
    "appointment": (
        "No",
        "Patient",
        "Doctor",
        "Room",
        "Services",
        "Date",
        "From",
        "To",
        "Minutes",
        "State",
        "Remark",
        "Reason",
        "Side",
        "Double",
        "Why",
    ),
}
ANNA = {"No": "1", "Given name": "Anna", "Surname": "Müller"}
VISIT = {"No": "1", "Patient": "1", "Doctor": "Eva Braun", "Date": "02.03.2020", "From": "09:00", "Minutes": "30"}


def text_of(kind: Kind, rows: list[dict[str, str]], delimiter: str = ",") -> str:
    """Rows as a CSV file; what a row doesn't name is empty."""
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS[kind], restval="", delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


class Importing:
    """Imports files into a test's clinic."""

    def __init__(self, api: Api, folder: Path) -> None:
        self.api = api
        self.folder = folder

    async def __call__(
        self,
        kind: Kind,
        rows: list[dict[str, str]] | bytes,
        mapping: str | None = None,
        username: str = "admin",
        **order: Any,
    ) -> tuple[Counts, list[dict[str, str]]]:
        """Import rows, or a file's bytes: what became of them, and the report."""
        file, mapping_file, report = (self.folder / name for name in ("file.csv", "mapping.toml", "report.csv"))
        file.write_bytes(rows if isinstance(rows, bytes) else text_of(kind, rows).encode())
        mapping_file.write_text(MAPPINGS[kind] if mapping is None else mapping)
        wanted = Order(kind, file, mapping_file, username, report=report, **order)
        counts = await asyncio.to_thread(run_import, application_url(self.api.owner_url), wanted)
        return counts, list(csv.DictReader(report.read_text().splitlines()))

    async def patients(self) -> list[dict[str, Any]]:
        """The clinic's patients, oldest first."""
        return (await self._items("/patients"))[::-1]

    async def appointments(self) -> list[dict[str, Any]]:
        """The clinic's appointments, by start."""
        return await self._items("/appointments")

    async def _items(self, path: str) -> list[dict[str, Any]]:
        answer = await self.api.admin.get(path, params={"limit": 100})
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items
