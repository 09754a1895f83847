"""Books an appointment through the generated client: what `make clients` makes is in build/clients/python.

PYTHONPATH=build/clients/python build/clients/.venv/bin/python clients/python/book.py
"""

import os
import uuid
from datetime import date, timedelta
from http import HTTPStatus
from typing import TypeVar

from dcms_client import AuthenticatedClient, Client
from dcms_client.api.appointments import book_appointment, cancel_appointment, list_availability
from dcms_client.api.auth import login
from dcms_client.api.patients import list_patients
from dcms_client.models import (
    Appointment,
    Cancellation,
    CancellationBy,
    FreeSlots,
    Login,
    NewAppointment,
    PatientPage,
    Problem,
    ProblemCode,
    TokenPair,
)

T = TypeVar("T")


def expect(wanted: type[T], answer: object) -> T:
    """The answer, if it is of the kind that was hoped for; a problem ends the program."""
    if isinstance(answer, wanted):
        return answer
    raise SystemExit(f"{answer.code}: {answer.detail}" if isinstance(answer, Problem) else "no answer")


url = os.environ.get("DCMS_URL", "http://127.0.0.1:8000")
receptionist = Login(username="receptionist", password="dcms-demo-password")
tokens = expect(TokenPair, login.sync(client=Client(base_url=url), body=receptionist))

with AuthenticatedClient(base_url=url, token=tokens.access_token) as client:
    patient = expect(PatientPage, list_patients.sync(client=client, query="schmdit", limit=1)).items[0]

    tomorrow = date.today() + timedelta(days=1)
    free = list_availability.sync(
        client=client, from_=tomorrow, to=tomorrow + timedelta(days=13), duration_min=30, limit=1
    )
    slot = expect(FreeSlots, free).slots[0]

    wish = NewAppointment(
        patient_id=patient.patient_id, doctor_id=slot.doctor_id, starts_at=slot.starts_at, duration_min=30
    )
    # with the same key it may be sent again when no answer came
    booked = expect(Appointment, book_appointment.sync(client=client, body=wish, idempotency_key=str(uuid.uuid4())))
    print(f"booked {booked.appointment_id} for {booked.starts_at:%A %H:%M}")

    second = book_appointment.sync_detailed(client=client, body=wish)
    if second.status_code is not HTTPStatus.CONFLICT:
        raise SystemExit("the same time was given twice")
    print(f"refused: {expect(Problem, second.parsed).code}")
    assert expect(Problem, second.parsed).code is ProblemCode.APPOINTMENT_OVERLAP

    holiday = Cancellation(reason="on holiday", by=CancellationBy.PATIENT)
    cancelled = expect(Appointment, cancel_appointment.sync(booked.appointment_id, client=client, body=holiday))
    print(f"{cancelled.status}")
