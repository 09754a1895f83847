"""POST /patients/{patient_id}/link_user/{user_id} and /unlink_user."""

import asyncio

from tests import make
from tests.api import Api, problem


async def test_a_linked_login_sees_its_record_until_it_is_unlinked(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    user_id = api.user_ids["patient"]

    linked = await api.receptionist.post(f"/patients/{patient_id}/link_user/{user_id}")
    await api.services.watch.refresh()
    seen = await api.patient.get(f"/patients/{patient_id}")
    unlinked = await api.receptionist.post(f"/patients/{patient_id}/unlink_user")
    await api.services.watch.refresh()

    assert linked.status_code == unlinked.status_code == 200
    assert (linked.json()["user_id"], linked.json()["version"]) == (user_id, 2)
    assert seen.status_code == 200
    assert (unlinked.json()["user_id"], unlinked.json()["version"]) == (None, 3)
    problem(await api.patient.get(f"/patients/{patient_id}"), 403, "forbidden")
    assert [entry["after"] for entry in await api.audited(action="update", entity="patient")] == [
        {"user_id": None},
        {"user_id": user_id},
    ]


async def test_once_more_changes_nothing(api: Api) -> None:
    path = f"/patients/{(await make.patient(api))['patient_id']}"
    user_id = api.user_ids["patient"]

    actions = ("unlink_user", f"link_user/{user_id}", f"link_user/{user_id}")
    answers = [await api.admin.post(f"{path}/{action}") for action in actions]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [answer.json()["version"] for answer in answers] == [1, 2, 2]
    assert len(await api.audited(action="update", entity="patient")) == 1


async def test_one_login_belongs_to_one_patient(api: Api) -> None:
    first, second = [(await make.patient(api))["patient_id"] for _ in range(2)]
    user_id = api.user_ids["patient"]
    other = await api.owner.fetchval(
        "insert into dcms_user (username, display_name, roles) values ('other', 'x', '{patient}') returning user_id"
    )
    await api.admin.post(f"/patients/{first}/link_user/{user_id}")

    problem(await api.admin.post(f"/patients/{second}/link_user/{user_id}"), 409, "user_already_linked")
    problem(await api.admin.post(f"/patients/{first}/link_user/{other}"), 409, "user_already_linked")
    assert (await api.admin.get(f"/patients/{first}")).json()["user_id"] == user_id
    assert (await api.admin.get(f"/patients/{second}")).json()["user_id"] is None


async def test_of_many_patients_at_once_one_gets_the_login(api: Api) -> None:
    ids = [(await make.patient(api))["patient_id"] for _ in range(10)]
    user_id = api.user_ids["patient"]

    answers = await asyncio.gather(*(api.admin.post(f"/patients/{each}/link_user/{user_id}") for each in ids))

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9
    assert await api.owner.fetchval("select count(*) from patient where user_id = $1", user_id) == 1


async def test_a_staff_login_is_refused(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]

    answer = await api.admin.post(f"/patients/{patient_id}/link_user/{api.user_ids['doctor']}")

    problem(answer, 409, "not_a_patient_user")


async def test_if_match_and_what_is_wrong(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    user_id = api.user_ids["patient"]
    for action in (f"link_user/{user_id}", "unlink_user"):
        path = f"/patients/{patient_id}/{action}"

        problem(await api.admin.post(path, headers={"If-Match": '"7"'}), 412, "version_mismatch")
        problem(await api.assistant.post(path), 403, "forbidden")
        problem(await api.admin.post(f"/patients/12345/{action}"), 404, "not_found")
    problem(await api.admin.post(f"/patients/{patient_id}/link_user/12345"), 404, "not_found")
    assert (await api.admin.get(f"/patients/{patient_id}")).json()["version"] == 1
