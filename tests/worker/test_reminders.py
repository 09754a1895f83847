"""Reminders of appointments: planned, moved and dropped with them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tests import make
from tests.api import Api
from tests.make import workday
from tests.worker.conftest import OPTIONS, Worker
from tests.worker.test_sending import make_due, outbox

NUMBER = "+491712345678"
ONE_AT_A_TIME = msgspec.structs.replace(OPTIONS, concurrency=1)


async def booked(api: Api, **fields: Any) -> dict[str, Any]:
    """An appointment of a patient with a number."""
    if "patient_id" not in fields:
        fields["patient_id"], _ = await make.holder(api)
    return await make.appointment(api, **fields)


async def reminders(api: Api) -> list[tuple[Any, ...]]:
    """(status, error_code, scheduled_for) of all, oldest first."""
    items = (await api.doctor.get("/sms")).json()["items"][::-1]
    return [
        (each["status"], each["error_code"], datetime.fromisoformat(each["scheduled_for"]))
        for each in items
        if each["appointment_id"] is not None
    ]


def before(start: datetime, minutes: int = 1440) -> datetime:
    return start - timedelta(minutes=minutes)


async def test_a_reminder_is_planned_for_each_offset(api: Api, worker: Worker) -> None:
    await make.settings(api, reminder_offsets_minutes=[1440, 60, 60], timezone="Europe/Berlin")
    start = workday(9, zone="Europe/Berlin")
    appointment = await booked(api, starts_at=start)

    await worker.work()

    assert sorted(await reminders(api)) == [
        ("scheduled", None, before(start)),
        ("scheduled", None, before(start, 60)),
    ]
    message = (await api.doctor.get("/sms")).json()["items"][0]
    assert message["text"] == (
        f"Dear Anna, this is a reminder of your appointment at Dental clinic on {start.date()} at 09:00 "
        "with Dr. Eva Braun."
    )
    assert message["patient_id"] == appointment["patient_id"]
    assert message["appointment_id"] == appointment["appointment_id"]
    assert (message["e164"], message["created_by"], message["template_id"]) == (NUMBER, None, None)
    assert [lane for (lane,) in await api.owner.fetch("select lane from outbox")] == [1, 1]


async def test_it_is_sent_at_its_time_and_once(api: Api, worker: Worker) -> None:
    appointment = await booked(api)
    await worker.work()
    for _ in range(3):
        await make_due(api)
        await worker.work()
        await api.receptionist.post(f"/appointments/{appointment['appointment_id']}/confirm")
        await api.owner.execute(
            "insert into outbox (kind, payload) values ('appointment.reminders', $1)",
            f'{{"appointment_id": {appointment["appointment_id"]}}}',
        )

    assert [row[0] for row in await reminders(api)] == ["sent"]


async def test_a_moved_appointment_moves_its_reminder(api: Api, worker: Worker) -> None:
    appointment = await booked(api)
    await worker.work()
    later = workday(14)

    await api.receptionist.patch(
        f"/appointments/{appointment['appointment_id']}", json={"starts_at": later.isoformat()}
    )
    await worker.work()

    assert await reminders(api) == [
        ("canceled", "appointment_moved", before(workday())),
        ("scheduled", None, before(later)),
    ]


async def test_another_doctor_is_named_in_another_reminder(api: Api, worker: Worker) -> None:
    appointment = await booked(api)
    path = f"/appointments/{appointment['appointment_id']}"
    await worker.work()
    stand_in = await make.doctor(api, first_name="Max", last_name="Vertretung")

    answer = await api.receptionist.patch(path, json={"doctor_id": stand_in})
    await worker.work()

    assert answer.status_code == 200, answer.text
    assert sorted(await reminders(api)) == [
        ("canceled", "appointment_moved", before(workday())),
        ("scheduled", None, before(workday())),
    ]
    [message] = (await api.doctor.get("/sms?status=scheduled")).json()["items"]
    assert "Max Vertretung" in message["text"]


async def test_a_reminder_is_not_sent_with_the_name_of_another_doctor(api: Api, worker: Worker) -> None:
    appointment = await booked(api)
    await worker.work()
    await make_due(api)
    stand_in = await make.doctor(api)

    await api.owner.execute("update appointment set doctor_id = $1", stand_in)
    await api.owner.execute("delete from outbox where kind = 'appointment.reminders'")
    await worker.work()

    assert [row[:2] for row in await reminders(api)] == [("canceled", "appointment_moved")]
    assert (await api.doctor.get(f"/appointments/{appointment['appointment_id']}")).json()["doctor_id"] == stand_in


async def test_moved_there_and_back_it_is_planned_again_but_not_once_it_was_sent(api: Api, worker: Worker) -> None:
    appointment = await booked(api)
    path = f"/appointments/{appointment['appointment_id']}"
    await worker.work()

    for _ in range(2):
        for start in (workday(14), workday()):
            await api.receptionist.patch(path, json={"starts_at": start.isoformat()})
            await worker.work()
        await api.owner.execute("update outbox set available_at = now() where payload ? 'sms_id'")
        await worker.work()

    assert [row[0] for row in await reminders(api)].count("sent") == 1
    assert [row[0] for row in await reminders(api)][-1] == "canceled"


async def test_a_cancelled_appointment_drops_it_and_a_reopened_one_has_it_again(api: Api, worker: Worker) -> None:
    appointment = await booked(api)
    path = f"/appointments/{appointment['appointment_id']}"
    await worker.work()

    await api.receptionist.post(f"{path}/cancel", json={})
    await worker.work()
    assert await reminders(api) == [("canceled", "appointment_cancelled", before(workday()))]
    reopened = await api.doctor.post(f"{path}/reopen", json={"reason": "mistake"})
    assert reopened.status_code == 200, reopened.text
    await worker.work()

    assert [row[:2] for row in await reminders(api)] == [("canceled", "appointment_cancelled"), ("scheduled", None)]


async def test_one_cancelled_by_hand_is_not_planned_again_until_the_appointment_moves(api: Api, worker: Worker) -> None:
    appointment = await booked(api)
    await worker.work()
    [message] = (await api.doctor.get("/sms")).json()["items"]
    answer = await api.receptionist.delete(f"/sms/{message['sms_id']}")
    assert answer.status_code == 204

    for opts_out in (True, False):
        await api.owner.execute("update phone_number set sms_opt_out = $1", opts_out)
        await worker.work()
    stayed = await reminders(api)
    await api.receptionist.patch(
        f"/appointments/{appointment['appointment_id']}", json={"starts_at": workday(14).isoformat()}
    )
    await worker.work()

    assert stayed == [("canceled", None, before(workday()))]
    assert await reminders(api) == [*stayed, ("scheduled", None, before(workday(14)))]


async def test_an_offset_already_past_is_left_out(api: Api, worker: Worker) -> None:
    await make.settings(api, reminder_offsets_minutes=[60 * 24 * 40, 60])
    await booked(api)

    await worker.work()

    assert [row[2] for row in await reminders(api)] == [before(workday(), 60)]


async def test_a_worker_that_is_late_still_sends_what_was_not_past_when_booked(api: Api, worker: Worker) -> None:
    await make.settings(api, reminder_offsets_minutes=[60])
    start = datetime.now(UTC) + timedelta(minutes=30)
    await booked(api, starts_at=start, allow_outside_hours=True)
    await api.owner.execute("update outbox set created_at = now() - interval '40 minutes'")

    await worker.work()

    assert [row[0] for row in await reminders(api)] == ["sent"]


async def test_a_reminder_after_the_start_is_pointless(api: Api, worker: Worker) -> None:
    appointment = await booked(api)
    await worker.work()
    await api.owner.execute(
        """
        update sms set reminder_starts_at = now() - interval '1 minute';
        alter table appointment disable trigger user;
        """
    )
    await api.owner.execute(
        "update appointment set starts_at = s.reminder_starts_at, ends_at = s.reminder_starts_at + interval '1 hour'"
        " from sms as s where appointment.appointment_id = $1",
        appointment["appointment_id"],
    )
    await make_due(api)

    await worker.work()

    assert [row[:2] for row in await reminders(api)] == [("canceled", "too_late")]


async def test_without_a_primary_number_or_wish_or_active_patient_there_is_none(api: Api, worker: Worker) -> None:
    nobody = await make.patient(api)
    await booked(api, patient_id=nobody["patient_id"])
    await booked(api)
    await api.owner.execute("update phone_number set sms_opt_out = true")

    await worker.work()

    assert await reminders(api) == []
    assert await outbox(api) == []


async def test_archiving_and_opting_out_drop_it_and_opting_in_plans_it_again(api: Api, worker: Worker) -> None:
    appointment = await booked(api)
    await worker.work()

    await api.owner.execute("update phone_number set sms_opt_out = true")
    await worker.work()
    await api.owner.execute("update phone_number set sms_opt_out = false")
    await worker.work()
    await api.owner.execute(
        "update patient set archived_at = now(), status = 'archived' where patient_id = $1", appointment["patient_id"]
    )
    await worker.work()

    assert [row[:2] for row in await reminders(api)] == [("canceled", "opted_out"), ("canceled", "archived")]


async def test_another_primary_number_gets_it(api: Api, worker: Worker) -> None:
    appointment = await booked(api)
    await worker.work()
    await api.owner.execute("insert into phone_number (e164, national, type) values ('+4930222', '030 222', 'mobile')")

    await api.owner.execute("update patient_phone set is_primary = false")
    await api.owner.execute(
        "insert into patient_phone (patient_id, e164, is_primary) values ($1, '+4930222', true)",
        appointment["patient_id"],
    )
    await worker.work()

    items = (await api.doctor.get("/sms")).json()["items"]
    assert [(each["e164"], each["status"]) for each in items] == [("+4930222", "scheduled"), (NUMBER, "canceled")]
    assert items[1]["error_code"] == "number_removed"


async def test_the_clinic_s_own_words_are_used_when_they_can_be(api: Api, worker: Worker) -> None:
    template_id = await make.template(api, "Reminder", "{{patient.last_name}} {{appointment.time}} {{clinic.name}}")
    await booked(api)
    await worker.work()
    message = (await api.doctor.get("/sms")).json()["items"][0]
    assert (message["text"], message["template_id"]) == ("Müller 09:00 Dental clinic", template_id)

    await api.receptionist.patch(f"/sms/templates/{template_id}", json={"text": "{{clinic.phone}}"})
    await booked(api)
    await worker.work()
    without_value = (await api.doctor.get("/sms")).json()["items"][0]
    await api.receptionist.patch(f"/sms/templates/{template_id}", json={"text": "x", "is_active": False})
    await booked(api)
    await worker.work()
    inactive = (await api.doctor.get("/sms")).json()["items"][0]

    for built_in in (without_value, inactive):
        assert built_in["text"].startswith("Dear Anna")
        assert built_in["template_id"] is None


async def test_changed_settings_count_for_what_is_planned_from_then_on(api: Api, worker: Worker) -> None:
    await booked(api)
    await worker.work()

    await make.settings(api, reminder_offsets_minutes=[60])
    await booked(api)
    await worker.work()

    assert [row[2] for row in await reminders(api)] == [before(workday()), before(workday(), 60)]


async def test_many_planners_at_once_plan_once(api: Api, worker: Worker) -> None:
    appointment = await booked(api)
    for _ in range(40):
        await api.owner.execute(
            "insert into outbox (kind, payload) values ('appointment.reminders', $1)",
            f'{{"appointment_id": {appointment["appointment_id"]}}}',
        )

    await asyncio.gather(*(Worker(api, worker.provider, ONE_AT_A_TIME).work(100) for _ in range(4)))

    assert len(await reminders(api)) == 1
    assert len(await outbox(api)) == 1
