"""POST /patients/{patient_id}/archive and /restore."""

import asyncio

import asyncpg

from tests import make
from tests.api import Api, bad_fields, problem
from tests.patients.rows import appointment


async def test_archiving_and_restoring_set_status_and_time(api: Api) -> None:
    patient = await make.patient(api)
    path = f"/patients/{patient['patient_id']}"

    archived = await api.receptionist.post(f"{path}/archive")
    restored = await api.receptionist.post(f"{path}/restore")

    assert archived.status_code == restored.status_code == 200
    assert archived.json()["status"] == "archived"
    assert archived.json()["archived_at"] is not None
    assert archived.json()["version"] == 2
    assert restored.json() == {**patient, "version": 3, "updated_at": restored.json()["updated_at"]}
    entries = await api.audited(action="update", entity="patient", patient_id=patient["patient_id"])
    assert [entry["after"].keys() for entry in entries] == [{"archived_at"}, {"archived_at"}]
    assert [entry["after"]["archived_at"] is None for entry in entries] == [True, False]


async def test_once_more_changes_nothing(api: Api) -> None:
    path = f"/patients/{(await make.patient(api))['patient_id']}"

    answers = [await api.admin.post(f"{path}/{action}") for action in ("restore", "archive", "archive")]

    assert [answer.json()["version"] for answer in answers] == [1, 2, 2]
    assert answers[1].json() == answers[2].json()
    assert len(await api.audited(action="update", entity="patient")) == 1


async def test_future_appointments_stand_against_it(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    for starts_in_h, status in ((24, "booked"), (48, "confirmed"), (72, "cancelled"), (-24, "booked"), (96, "no_show")):
        await appointment(api, patient_id, starts_in_h, status)

    answer = await api.admin.post(f"/patients/{patient_id}/archive")

    assert problem(answer, 409, "has_future_appointments")["count"] == 2
    assert (await api.admin.get(f"/patients/{patient_id}")).json()["status"] == "active"


async def test_future_appointments_are_cancelled_if_wanted(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    past = await appointment(api, patient_id, -24, "booked")
    future = await appointment(api, patient_id, 24, "confirmed")

    for _ in range(2):
        answer = await api.admin.post(f"/patients/{patient_id}/archive?cancel_future=true")
        assert answer.json()["status"] == "archived"

    rows = await api.owner.fetch("select * from appointment order by appointment_id")
    assert [(row["appointment_id"], row["status"], row["cancelled_by"]) for row in rows] == [
        (past, "booked", None),
        (future, "cancelled", "clinic"),
    ]
    events = await api.owner.fetch(
        "select appointment_id, actor_id, action, from_status, to_status from appointment_event"
    )
    assert [tuple(event) for event in events] == [(future, api.user_ids["admin"], "cancel", "confirmed", "cancelled")]
    assert await api.owner.fetchval("select count(*) from appointment_claim where appointment_id = $1", future) == 0


async def test_a_booking_at_the_same_moment_is_seen(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    booking = await asyncpg.connect(api.owner_url)
    await booking.execute("select set_config('dcms.context', '{}', false)")
    async with booking.transaction():
        await booking.execute("select from patient where patient_id = $1 for share", patient_id)
        archiving = asyncio.create_task(api.admin.post(f"/patients/{patient_id}/archive"))
        await asyncio.sleep(0.2)
        waited = not archiving.done()
        await appointment(api, patient_id, 24, connection=booking)
    answer = await archiving
    await booking.close()

    assert waited
    assert problem(answer, 409, "has_future_appointments")["count"] == 1


async def test_many_at_once_archive_once(api: Api) -> None:
    path = f"/patients/{(await make.patient(api))['patient_id']}/archive"

    answers = await asyncio.gather(*(api.admin.post(path) for _ in range(20)))

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["version"] for answer in answers} == {2}


async def test_if_match_and_what_is_wrong(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    await appointment(api, patient_id, 24)
    for action in ("archive", "restore"):
        path = f"/patients/{patient_id}/{action}"

        problem(await api.admin.post(path, headers={"If-Match": '"7"'}), 412, "version_mismatch")
        problem(await api.assistant.post(path), 403, "forbidden")
        problem(await api.admin.post(f"/patients/12345/{action}"), 404, "not_found")
        assert bad_fields(await api.admin.post(path, json={"x": 1})) == {"x"}
    assert bad_fields(await api.admin.post(f"/patients/{patient_id}/archive?cancel_future=maybe")) == {"cancel_future"}


async def test_a_merged_patient_stays_as_he_is(api: Api) -> None:
    target, source = (await make.patient(api))["patient_id"], (await make.patient(api))["patient_id"]
    await api.owner.execute(
        "update patient set merged_into = $1, status = 'merged' where patient_id = $2", target, source
    )
    user_id = api.user_ids["patient"]

    for action in ("archive", "archive?cancel_future=true", "restore", f"link_user/{user_id}", "unlink_user"):
        answer = await api.admin.post(f"/patients/{source}/{action}")

        assert problem(answer, 409, "merged")["merged_into"] == target
    answer = await api.admin.patch(f"/patients/{source}", json={"note": "x"})
    assert problem(answer, 409, "merged")["merged_into"] == target
    assert (await api.admin.get(f"/patients/{source}")).json()["status"] == "merged"
