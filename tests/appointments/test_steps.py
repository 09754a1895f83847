"""POST /appointments/{appointment_id}/confirm, check_in, finish, cancel, no_show, reopen; GET …/history."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests import make
from tests.api import Api, bad_fields, problem
from tests.make import workday

REASON = {"reopen": {"reason": "a slip"}}
STAMPS = ("confirmed_at", "checked_in_at", "finished_at", "cancelled_at", "cancelled_by", "cancel_reason")
# how to get there from booked
PATHS: dict[str, list[str]] = {
    "booked": [],
    "confirmed": ["confirm"],
    "came": ["check_in"],
    "finished": ["check_in", "finish"],
    "cancelled": ["cancel"],
    "no_show": ["no_show"],
}
STEPS = {
    ("booked", "confirm"): "confirmed",
    ("booked", "check_in"): "came",
    ("confirmed", "check_in"): "came",
    ("came", "finish"): "finished",
    ("booked", "cancel"): "cancelled",
    ("confirmed", "cancel"): "cancelled",
    ("came", "cancel"): "cancelled",
    ("booked", "no_show"): "no_show",
    ("confirmed", "no_show"): "no_show",
    ("finished", "reopen"): "booked",
    ("cancelled", "reopen"): "booked",
    ("no_show", "reopen"): "booked",
}
TARGETS = {action: status for (_, action), status in STEPS.items()}


async def act(client: httpx.AsyncClient, appointment: dict[str, Any], action: str, **options: Any) -> httpx.Response:
    """Take a step."""
    options.setdefault("json", REASON.get(action))
    return await client.post(f"/appointments/{appointment['appointment_id']}/{action}", **options)


async def appointment_in(api: Api, status: str, **fields: Any) -> dict[str, Any]:
    """An appointment in a status."""
    appointment = await make.appointment(api, **fields)
    for action in PATHS[status]:
        appointment = (await act(api.doctor, appointment, action)).json()
    assert appointment["status"] == status
    return appointment


async def history(api: Api, appointment: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of an appointment."""
    answer = await api.assistant.get(f"/appointments/{appointment['appointment_id']}/history")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


@pytest.mark.parametrize("status", PATHS)
async def test_every_step_from_every_status(api: Api, status: str) -> None:
    allowed = sorted(action for (before, action) in STEPS if before == status)
    for number, action in enumerate(TARGETS):
        appointment = await appointment_in(api, status, starts_at=workday(8 + number))
        before = await history(api, appointment)

        answer = await act(api.doctor, appointment, action)

        after = await history(api, appointment)
        if (status, action) in STEPS:
            assert answer.status_code == 200, answer.text
            assert answer.json()["status"] == STEPS[status, action]
            assert answer.json()["version"] == appointment["version"] + 1
            event = after[-1]
            assert (event["action"], event["from_status"]) == (action, status)
            assert (event["to_status"], event["changes"]) == (STEPS[status, action], {})
            assert len(after) == len(before) + 1
        elif TARGETS[action] == status:
            assert answer.status_code == 200
            assert answer.json() == appointment
            assert after == before
        else:
            assert problem(answer, 409, "invalid_transition")["allowed"] == allowed
            assert after == before


async def test_the_actions_allowed_are_those_of_the_caller(api: Api) -> None:
    appointment = await appointment_in(api, "finished")

    assert problem(await act(api.receptionist, appointment, "confirm"), 409, "invalid_transition")["allowed"] == []
    assert problem(await act(api.manager, appointment, "confirm"), 409, "invalid_transition")["allowed"] == ["reopen"]


async def test_each_step_is_stamped_and_reopening_clears_the_stamps(api: Api) -> None:
    appointment = await make.appointment(api)
    for action, stamp in (("confirm", "confirmed_at"), ("check_in", "checked_in_at"), ("finish", "finished_at")):
        appointment = (await act(api.receptionist, appointment, action)).json()

        assert abs(datetime.now(UTC) - datetime.fromisoformat(appointment[stamp])).total_seconds() < 10
    patient = (await api.receptionist.get(f"/patients/{appointment['patient_id']}")).json()
    assert patient["last_seen_at"] == appointment["checked_in_at"]

    reopened = (await act(api.doctor, appointment, "reopen")).json()

    assert reopened["status"] == "booked"
    assert [reopened[name] for name in STAMPS] == [None] * len(STAMPS)


async def test_cancelling_says_why_and_on_whose_side_and_frees_the_time(api: Api) -> None:
    chair_id = await make.chair_id(api)
    appointment = await make.appointment(api, chair_id=chair_id)

    answer = await act(api.receptionist, appointment, "cancel", json={"reason": " ill ", "by": "patient"})

    cancelled = answer.json()
    assert (cancelled["status"], cancelled["cancel_reason"], cancelled["cancelled_by"]) == (
        "cancelled",
        "ill",
        "patient",
    )
    again = await act(api.receptionist, appointment, "cancel", json={"reason": "other", "by": "clinic"})
    assert again.json() == cancelled
    same = {name: appointment[name] for name in ("patient_id", "doctor_id", "chair_id")}
    assert (await make.appointment(api, **same))["starts_at"] == appointment["starts_at"]
    event = (await history(api, appointment))[-1]
    assert (event["action"], event["note"], event["actor_name"]) == ("cancel", "ill", "Receptionist")


async def test_without_a_body_the_clinic_cancels(api: Api) -> None:
    answer = await api.receptionist.post(f"/appointments/{(await make.appointment(api))['appointment_id']}/cancel")

    assert (answer.json()["cancelled_by"], answer.json()["cancel_reason"]) == ("clinic", None)


async def test_a_no_show_frees_the_time_and_counts_no_more(api: Api) -> None:
    appointment = await appointment_in(api, "no_show")

    await make.appointment(api, doctor_id=appointment["doctor_id"], patient_id=appointment["patient_id"])


async def test_reopening_needs_the_time_still_free(api: Api) -> None:
    appointment = await appointment_in(api, "cancelled")
    other = await make.appointment(api, doctor_id=appointment["doctor_id"])

    answer = await act(api.doctor, appointment, "reopen")

    assert problem(answer, 409, "appointment_overlap")["conflicts"] == [
        {**{name: other[name] for name in ("appointment_id", "starts_at", "ends_at")}, "resource": "doctor"}
    ]
    await act(api.receptionist, other, "cancel")
    assert (await act(api.doctor, appointment, "reopen")).json()["status"] == "booked"
    problem(await act(api.doctor, other, "reopen"), 409, "appointment_overlap")


async def test_no_time_comes_back_for_the_archived(api: Api) -> None:
    appointment = await appointment_in(api, "cancelled")
    await api.owner.execute("update patient set archived_at = now(), status = 'archived'")

    problem(await act(api.doctor, appointment, "reopen"), 422, "archived")
    await api.owner.execute("update patient set archived_at = null, status = 'active'")
    await api.owner.execute("update employee set archived_at = now()")
    problem(await act(api.doctor, appointment, "reopen"), 422, "archived")


async def test_no_time_comes_back_on_a_chair_out_of_use(api: Api) -> None:
    chair = await make.chair(api)
    appointment = await make.appointment(api, chair_id=chair["chair_id"])
    await act(api.receptionist, appointment, "cancel")
    assert (await api.admin.post(f"/chairs/{chair['chair_id']}/disable")).status_code == 200

    problem(await act(api.doctor, appointment, "reopen"), 422, "inactive")
    assert (await api.admin.post(f"/chairs/{chair['chair_id']}/enable")).status_code == 200
    assert (await act(api.doctor, appointment, "reopen")).json()["status"] == "booked"


async def test_bodies_are_read_strictly(api: Api) -> None:
    appointment = await make.appointment(api)

    assert bad_fields(await act(api.doctor, appointment, "cancel", json={"by": "me", "why": 1})) == {"by", "why"}
    assert bad_fields(await act(api.doctor, appointment, "reopen", json={"reason": " "})) == {"reason"}
    assert bad_fields(await act(api.doctor, appointment, "reopen", json={})) == {"reason"}
    assert bad_fields(await act(api.doctor, appointment, "reopen", content=b"", json=None)) == {""}
    assert bad_fields(await act(api.doctor, appointment, "confirm", json={"x": 1})) == {"x"}
    # a body may be left out, but null is one
    headers = {"Content-Type": "application/json"}
    assert bad_fields(await act(api.doctor, appointment, "cancel", content=b"null", headers=headers, json=None)) == {""}
    assert len(await history(api, appointment)) == 1


async def test_if_match_goes_before_the_state(api: Api) -> None:
    appointment = await make.appointment(api)
    stale = {"If-Match": '"7-x"'}

    for action in TARGETS:
        problem(await act(api.doctor, appointment, action, headers=stale), 412, "version_mismatch")
    assert (await act(api.doctor, appointment, "confirm", headers={"If-Match": '"1-x"'})).status_code == 200


async def test_those_who_may_not_and_what_is_not_there(api: Api) -> None:
    appointment = await make.appointment(api)
    patient = await api.own_patient(appointment["patient_id"])
    for action in TARGETS:
        problem(await act(api.assistant, appointment, action), 403, "forbidden")
        problem(await act(patient, appointment, action), 403, "forbidden")
        problem(await act(api.doctor, {"appointment_id": 9999}, action), 404, "not_found")
    problem(await act(api.receptionist, appointment, "reopen"), 403, "forbidden")
    problem(await api.assistant.get("/appointments/9999/history"), 404, "not_found")
    problem(await patient.get(f"/appointments/{appointment['appointment_id']}/history"), 403, "forbidden")


async def test_the_same_step_many_times_at_once_is_one_step(api: Api) -> None:
    appointment = await make.appointment(api)

    answers = await asyncio.gather(*(act(api.receptionist, appointment, "confirm") for _ in range(10)))

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["version"] for answer in answers} == {2}
    assert len(await history(api, appointment)) == 2


async def test_two_different_steps_at_once_leave_one_of_them(api: Api) -> None:
    appointment = await make.appointment(api)

    answers = await asyncio.gather(
        *(act(api.receptionist, appointment, action) for action in ("cancel", "no_show") * 3)
    )

    statuses = {answer.json()["status"] for answer in answers if answer.status_code == 200}
    assert len(statuses) == 1
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [409] * 3


async def test_the_history_tells_every_step_oldest_first(api: Api) -> None:
    await make.settings(api, timezone="Europe/Berlin")
    starts_at = workday(9, zone="Europe/Berlin")
    appointment = await make.appointment(api, starts_at=starts_at)
    path = f"/appointments/{appointment['appointment_id']}"
    moved_to = workday(15, zone="Europe/Berlin")
    await api.manager.patch(path, json={"starts_at": moved_to.isoformat(), "note": "later"})
    await api.manager.patch(path, json={"note": None})

    events = await history(api, appointment)

    assert [event["action"] for event in events] == ["book", "move", "update"]
    assert events[1] == {
        "event_id": events[1]["event_id"],
        "at": events[1]["at"],
        "actor_id": api.user_ids["manager"],
        "actor_name": "Manager",
        "action": "move",
        "from_status": "booked",
        "to_status": "booked",
        "changes": {
            "starts_at": [starts_at.isoformat(), moved_to.isoformat()],
            "ends_at": [
                appointment["ends_at"],
                workday(15, 30, zone="Europe/Berlin").isoformat(),
            ],
            "note": [None, "later"],
        },
        "note": None,
    }
    assert events[2]["changes"] == {"note": ["later", None]}
    first = (await api.assistant.get(f"{path}/history?limit=1")).json()
    assert first["items"] == events[:1]
    rest = (await api.assistant.get(f"{path}/history", params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert rest["items"] == events[1:2]
