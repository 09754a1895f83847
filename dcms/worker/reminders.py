"""Plans the reminders of appointments: as often as asked, with the same outcome."""

from datetime import datetime
from typing import Any

import msgspec

from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.sms.encoding import measure
from dcms.sms.structs import MAX_SENT_LENGTH
from dcms.sms.templates import render
from dcms.web.problems import Overtaken
from dcms.worker.outbox import Job

SQL = queries("reminders")

# one to add, one after what stood in the way was dropped, and some for planners that do the same at this moment
LOOKS = 5

BUILT_IN = (
    "Dear {{patient.first_name}}, this is a reminder of your appointment at {{clinic.name}} "
    "on {{appointment.date}} at {{appointment.time}} with {{appointment.doctor}}."
)


class Wanted(msgspec.Struct, frozen=True):
    """A reminder that an appointment should have, and what a template may say of it."""

    appointment_id: int
    starts_at: datetime
    doctor_id: int
    offset_minutes: int
    patient_id: int
    e164: str
    first_name: str
    last_name: str
    date: str
    time: str
    doctor: str
    clinic_name: str
    clinic_phone: str | None

    @property
    def values(self) -> dict[str, str]:
        """The values by the names that templates use."""
        values = {
            "patient.first_name": self.first_name,
            "patient.last_name": self.last_name,
            "appointment.date": self.date,
            "appointment.time": self.time,
            "appointment.doctor": self.doctor,
            "clinic.name": self.clinic_name,
        }
        return values if self.clinic_phone is None else {**values, "clinic.phone": self.clinic_phone}


class ReminderTemplate(msgspec.Struct, frozen=True):
    """What the clinic wants reminders to say."""

    template_id: int
    text: str


async def plan_reminders(database: Database, jobs: list[Job]) -> None:
    """Add the reminders that the jobs' appointments should have, and drop those that no longer fit.

    An offset that is past already when the job was queued is left out.
    """
    queued: dict[int, datetime] = {}
    for job in jobs:
        appointment_id = job.payload["appointment_id"]
        queued[appointment_id] = min(job.created_at, queued.get(appointment_id, job.created_at))
    appointment_ids, queued_ats = list(queued), list(queued.values())
    for _ in range(LOOKS):
        wanted = await database.all(SQL.wanted, Wanted, appointment_ids=appointment_ids, queued_ats=queued_ats)
        if wanted:
            template = await database.first(SQL.template, ReminderTemplate)
            await database.execute(SQL.add, reminders=[_row(each, template) for each in wanted])
        # what stood in the way of a wanted one is gone now, also one that another planner added by older facts
        if not await database.execute(SQL.drop, appointment_ids=appointment_ids):
            return
    # the jobs stay, and are found when their lease has ended
    raise Overtaken()


def _row(wanted: Wanted, template: ReminderTemplate | None) -> dict[str, Any]:
    text, template_id = _text(wanted, template)
    size = measure(text)
    return {
        "appointment_id": wanted.appointment_id,
        "starts_at": wanted.starts_at,
        "doctor_id": wanted.doctor_id,
        "offset_minutes": wanted.offset_minutes,
        "patient_id": wanted.patient_id,
        "e164": wanted.e164,
        "text": text,
        "segments": size.segments,
        "encoding": size.encoding,
        "template_id": template_id,
    }


def _text(wanted: Wanted, template: ReminderTemplate | None) -> tuple[str, int | None]:
    """What the clinic wants to say, or the built-in text when that can't be sent: a reminder is not left out."""
    if template is not None:
        rendered = render(template.text, wanted.values)
        if not rendered.missing and len(rendered.text) <= MAX_SENT_LENGTH:
            return rendered.text, template.template_id
    return render(BUILT_IN, wanted.values).text, None
