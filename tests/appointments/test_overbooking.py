"""Appointments that were booked over others on purpose."""

import asyncio
from typing import Any

import httpx

from tests import make
from tests.api import Api, problem
from tests.make import jsonable, workday

OVER = {"allow_overlap": True, "override_reason": "pain"}


async def book(client: httpx.AsyncClient, api: Api, doctor_id: int, **fields: Any) -> httpx.Response:
    """Try to book a doctor for a patient of its own, at 9:00 unless it says otherwise."""
    given = {"doctor_id": doctor_id, "starts_at": workday(), **fields}
    if "patient_id" not in given:
        given["patient_id"] = (await make.patient(api))["patient_id"]
    return await client.post("/appointments", json=jsonable(given))


def ids(answer: httpx.Response) -> list[tuple[int, str]]:
    """What stands against a booking."""
    conflicts = problem(answer, 409, "appointment_overlap")["conflicts"]
    return [(conflict["appointment_id"], conflict["resource"]) for conflict in conflicts]


async def test_a_doctor_and_a_chair_can_be_overbooked(api: Api) -> None:
    chair_id = await make.chair_id(api)
    below = await make.appointment(api, chair_id=chair_id)

    answer = await book(api.doctor, api, below["doctor_id"], chair_id=chair_id, starts_at=workday(9, 15), **OVER)

    over = answer.json()
    assert (answer.status_code, over["is_overbooked"]) == (201, True)
    shown = (await api.assistant.get(f"/appointments/{below['appointment_id']}")).json()
    assert shown == below
    [event] = (await api.assistant.get(f"/appointments/{over['appointment_id']}/history")).json()["items"]
    assert (event["action"], event["note"]) == ("book", "pain")
    [entry] = await api.audited(entity="appointment", entity_id=over["appointment_id"])
    assert (entry["after"]["is_overbooked"], entry["after"]["override_reason"]) == (True, "pain")


async def test_no_later_ordinary_booking_overlaps_it_unnoticed(api: Api) -> None:
    chair_id = await make.chair_id(api)
    below = await make.appointment(api, chair_id=chair_id)
    doctor_id = below["doctor_id"]
    over = (await book(api.doctor, api, doctor_id, chair_id=chair_id, starts_at=workday(9, 15), **OVER)).json()
    other_doctor = await make.doctor(api)

    # 9:30 to 10:00 meets the overbooked one alone
    by_doctor = await book(api.doctor, api, doctor_id, starts_at=workday(9, 30))
    by_chair = await book(api.doctor, api, other_doctor, chair_id=chair_id, starts_at=workday(9, 30))
    by_both = await book(api.doctor, api, doctor_id, chair_id=chair_id)

    assert ids(by_doctor) == [(over["appointment_id"], "doctor")]
    assert ids(by_chair) == [(over["appointment_id"], "chair")]
    assert ids(by_both) == [
        (each["appointment_id"], resource) for each in (below, over) for resource in ("chair", "doctor")
    ]
    assert (await book(api.doctor, api, doctor_id, starts_at=workday(9, 45))).status_code == 201


async def test_one_that_fits_is_an_ordinary_booking(api: Api) -> None:
    doctor_id = await make.doctor(api)

    answer = await book(api.doctor, api, doctor_id, **OVER)

    assert answer.json()["is_overbooked"] is False
    assert await api.owner.fetchval("select max(layer) from appointment_claim") == 0
    problem(await book(api.doctor, api, doctor_id), 409, "appointment_overlap")


async def test_a_patient_is_never_overbooked(api: Api) -> None:
    below = await make.appointment(api)

    answer = await book(api.doctor, api, below["doctor_id"], patient_id=below["patient_id"], **OVER)

    assert ids(answer) == [(below["appointment_id"], "patient")]


async def test_several_may_be_booked_over_the_same(api: Api) -> None:
    below = await make.appointment(api)

    answers = [await book(api.doctor, api, below["doctor_id"], **OVER) for _ in range(3)]

    assert [answer.json()["is_overbooked"] for answer in answers] == [True] * 3


async def test_it_is_marked_until_a_move_fits(api: Api) -> None:
    below = await make.appointment(api)
    doctor_id = below["doctor_id"]
    over = (await book(api.doctor, api, doctor_id, **OVER)).json()
    path = f"/appointments/{over['appointment_id']}"
    await api.receptionist.post(f"/appointments/{below['appointment_id']}/cancel")

    noted = (await api.receptionist.patch(path, json={"note": "x"})).json()
    blocked = await book(api.doctor, api, doctor_id)
    moved = (await api.receptionist.patch(path, json=jsonable({"starts_at": workday(10)}))).json()

    assert noted["is_overbooked"] is True
    assert ids(blocked) == [(over["appointment_id"], "doctor")]
    assert moved["is_overbooked"] is False
    assert (await book(api.doctor, api, doctor_id)).status_code == 201


async def test_a_move_onto_another_needs_the_same_permission_and_reason(api: Api) -> None:
    below = await make.appointment(api)
    other = await make.appointment(api, doctor_id=below["doctor_id"], starts_at=workday(11))
    path = f"/appointments/{other['appointment_id']}"
    move = jsonable({"starts_at": workday()})

    assert ids(await api.doctor.patch(path, json=move)) == [(below["appointment_id"], "doctor")]
    problem(await api.receptionist.patch(path, json={**move, **OVER}), 403, "forbidden")
    moved = await api.doctor.patch(path, json={**move, **OVER})

    assert (moved.status_code, moved.json()["is_overbooked"]) == (200, True)
    events = (await api.assistant.get(f"{path}/history")).json()["items"]
    assert [(event["action"], event["note"]) for event in events] == [("book", None), ("move", "pain")]


async def test_another_chair_is_looked_at_alone(api: Api) -> None:
    first_chair, second_chair, taken_chair = [await make.chair_id(api) for _ in range(3)]
    below = await make.appointment(api, chair_id=first_chair)
    over = (await book(api.doctor, api, below["doctor_id"], chair_id=first_chair, **OVER)).json()
    await make.appointment(api, chair_id=taken_chair)
    path = f"/appointments/{over['appointment_id']}"

    answer = await api.receptionist.patch(path, json={"chair_id": second_chair})
    refused = await api.receptionist.patch(path, json={"chair_id": taken_chair})
    lower = await api.receptionist.patch(f"/appointments/{below['appointment_id']}", json={"chair_id": None})

    assert (answer.status_code, answer.json()["is_overbooked"]) == (200, True)
    assert [resource for _, resource in ids(refused)] == ["chair"]
    # the one below is none of those booked over another
    assert (lower.status_code, lower.json()["is_overbooked"]) == (200, False)


async def test_reopening_one_needs_the_time_as_any_other_does(api: Api) -> None:
    below = await make.appointment(api)
    over = (await book(api.doctor, api, below["doctor_id"], **OVER)).json()
    path = f"/appointments/{over['appointment_id']}"
    await api.doctor.post(f"{path}/cancel")

    refused = await api.doctor.post(f"{path}/reopen", json={"reason": "a slip"})
    await api.doctor.post(f"/appointments/{below['appointment_id']}/cancel")
    reopened = await api.doctor.post(f"{path}/reopen", json={"reason": "a slip"})

    assert ids(refused) == [(below["appointment_id"], "doctor")]
    assert reopened.json()["is_overbooked"] is False
    # a finished one never gave its time back
    other = (await book(api.doctor, api, below["doctor_id"], **OVER)).json()
    for action in ("check_in", "finish"):
        await api.doctor.post(f"/appointments/{other['appointment_id']}/{action}")
    answer = await api.doctor.post(f"/appointments/{other['appointment_id']}/reopen", json={"reason": "a slip"})
    assert answer.json()["is_overbooked"] is True


async def test_another_patient_alone_neither_unmarks_it_nor_waits_for_its_doctor(api: Api) -> None:
    below = await make.appointment(api)
    over = (await book(api.doctor, api, below["doctor_id"], **OVER)).json()
    await api.receptionist.post(f"/appointments/{below['appointment_id']}/cancel")
    patient_id = (await make.patient(api))["patient_id"]

    # as a merge of patients does, while somebody books the doctor
    async with api.owner.transaction(), api.services.database.transaction() as merge:
        await api.owner.execute("select from employee for no key update")
        await merge.execute("select acting('{}')")
        await merge.execute(
            "update appointment set patient_id = $1 where appointment_id = $2", patient_id, over["appointment_id"]
        )

    moved = (await api.assistant.get(f"/appointments/{over['appointment_id']}")).json()
    assert (moved["patient_id"], moved["is_overbooked"]) == (patient_id, True)
    assert ids(await book(api.doctor, api, over["doctor_id"])) == [(over["appointment_id"], "doctor")]


async def test_at_once_one_is_ordinary_and_the_others_know(api: Api) -> None:
    doctor_id = await make.doctor(api)
    patients = [(await make.patient(api))["patient_id"] for _ in range(30)]

    async def attempt(number: int) -> httpx.Response:
        lifted = OVER if number % 3 == 0 else {}
        starts_at = workday(9, number % 20)
        return await book(api.doctor, api, doctor_id, patient_id=patients[number], starts_at=starts_at, **lifted)

    answers = await asyncio.gather(*(attempt(number) for number in range(30)))

    overbooking = [answer for number, answer in enumerate(answers) if number % 3 == 0]
    assert {answer.status_code for answer in overbooking} == {201}
    booked = [answer.json() for answer in answers if answer.status_code == 201]
    # all of them overlap: the first one is ordinary, what came later was booked over it or refused
    assert [appointment["is_overbooked"] for appointment in booked].count(False) == 1
    ordinary = [answer for number, answer in enumerate(answers) if number % 3]
    assert [answer.status_code for answer in ordinary].count(201) <= 1


async def test_who_may_not_is_told_so_after_the_body_was_read(api: Api) -> None:
    below = await make.appointment(api)

    problem(await book(api.receptionist, api, below["doctor_id"], **OVER), 403, "forbidden")
    problem(await book(api.receptionist, api, below["doctor_id"], allow_overlap=True), 400, "invalid_request")
    assert (await book(api.receptionist, api, below["doctor_id"], allow_overlap=False)).status_code == 409
