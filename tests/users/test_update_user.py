"""PATCH /users/{user_id}: names, roles, the last admin, links."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests import make
from tests.api import Api, bad_fields, problem


async def test_absent_stays(api: Api) -> None:
    path = f"/users/{api.user_ids['doctor']}"

    answer = await api.manager.patch(path, json={"display_name": " Dr.  Zoe\u0308 "})

    user = answer.json()
    assert answer.status_code == 200
    assert (user["display_name"], user["roles"], user["version"]) == ("Dr.  Zoë", ["doctor"], 2)
    assert user == (await api.manager.get(path)).json()


@pytest.mark.parametrize("changes", [{}, {"display_name": "Doctor"}, {"roles": ["doctor", "doctor"]}])
async def test_what_changes_nothing_is_no_write(api: Api, changes: dict[str, Any]) -> None:
    answer = await api.admin.patch(f"/users/{api.user_ids['doctor']}", json=changes)

    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert await api.audited(entity="dcms_user", action="update") == []


async def test_bad_fields_are_named_and_nothing_is_changed(api: Api) -> None:
    path = f"/users/{api.user_ids['doctor']}"
    fixed = {"username": "x", "password": "y", "is_active": False, "must_change_password": True}

    answer = await api.admin.patch(path, json=fixed | {"display_name": None, "roles": ["patient", "admin"]})

    assert bad_fields(answer) == {*fixed, "display_name", "roles"}
    assert (await api.admin.get(path)).json()["version"] == 1


async def test_if_match_lets_only_the_version_named_through(api: Api) -> None:
    path = f"/users/{api.user_ids['doctor']}"
    etag = (await api.admin.get(path)).headers["etag"]
    await api.admin.patch(path, json={"display_name": "A"})

    for changes in ({"display_name": "B"}, {"roles": ["manager"]}, {}):
        problem(await api.admin.patch(path, json=changes, headers={"If-Match": etag}), 412, "version_mismatch")
    assert (await api.admin.get(path)).json()["display_name"] == "A"


async def test_a_manager_writes_no_admin_and_makes_none(api: Api) -> None:
    second = await make.user(api, "second", "admin")

    for path, changes in (
        (f"/users/{second['user_id']}", {"display_name": "X"}),
        (f"/users/{second['user_id']}", {"roles": ["doctor"]}),
        (f"/users/{api.user_ids['doctor']}", {"roles": ["admin"]}),
        (f"/users/{api.user_ids['manager']}", {"roles": ["manager", "admin"]}),
    ):
        problem(await api.manager.patch(path, json=changes), 403, "forbidden")
    stale = {"If-Match": '"9-x"'}
    answer = await api.manager.patch(f"/users/{second['user_id']}", json={}, headers=stale)
    problem(answer, 403, "forbidden")
    assert (await api.admin.get(f"/users/{second['user_id']}")).json() == second


async def test_the_last_active_admin_is_not_demoted(api: Api) -> None:
    disabled = await make.user(api, "second", "admin")
    await api.admin.post(f"/users/{disabled['user_id']}/disable")

    problem(await api.admin.patch(f"/users/{api.user_ids['admin']}", json={"roles": ["manager"]}), 409, "last_admin")
    assert (await api.admin.get("/auth/me")).json()["user"]["roles"] == ["admin"]


async def test_one_may_demote_oneself_when_there_is_another(api: Api) -> None:
    await make.user(api, "second", "admin")

    answer = await api.admin.patch(f"/users/{api.user_ids['admin']}", json={"roles": ["manager"]})

    assert answer.status_code == 200
    problem(await api.admin.get("/audit/logs"), 403, "forbidden")
    assert (await api.admin.get("/users")).status_code == 200


async def test_admins_who_demote_each_other_at_once_leave_one(api: Api) -> None:
    ids = [api.user_ids["admin"], *[(await make.user(api, f"second-{n}", "admin"))["user_id"] for n in range(3)]]

    answers = await asyncio.gather(
        *(api.admin.patch(f"/users/{user_id}", json={"roles": ["doctor"]}) for user_id in ids)
    )

    left = "select count(*) from dcms_user where is_active and 'admin' = any (roles)"
    assert await api.owner.fetchval(left) >= 1
    assert set(Counter(answer.status_code for answer in answers)) <= {200, 403, 409}
    for answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, "last_admin")


async def test_a_linked_patients_login_stays_a_patients(api: Api) -> None:
    patient = await make.patient(api)
    await api.own_patient(patient["patient_id"])
    path = f"/users/{api.user_ids['patient']}"

    problem(await api.admin.patch(path, json={"roles": ["receptionist"]}), 409, "linked")
    assert (await api.admin.patch(path, json={"roles": ["patient"], "display_name": "P"})).status_code == 200
    await api.owner.execute("update patient set user_id = null")
    assert (await api.admin.patch(path, json={"roles": ["receptionist"]})).status_code == 200


async def test_a_linked_employees_login_keeps_a_staff_role(api: Api) -> None:
    user_id = api.user_ids["doctor"]
    await api.owner.execute("insert into employee (first_name, last_name, user_id) values ('A', 'B', $1)", user_id)

    problem(await api.admin.patch(f"/users/{user_id}", json={"roles": ["patient"]}), 409, "linked")
    assert (await api.admin.patch(f"/users/{user_id}", json={"roles": ["assistant"]})).status_code == 200


async def test_the_last_admin_comes_before_his_link(api: Api) -> None:
    user_id = api.user_ids["admin"]
    await api.owner.execute("insert into employee (first_name, last_name, user_id) values ('A', 'B', $1)", user_id)

    problem(await api.admin.patch(f"/users/{user_id}", json={"roles": ["patient"]}), 409, "last_admin")


async def test_a_link_and_a_change_of_roles_at_once_do_not_both_happen(api: Api) -> None:
    """The link is being made and not yet committed when the roles change."""
    user_id = api.user_ids["patient"]
    patient = await make.patient(api)
    async with api.owner.transaction():
        await api.owner.execute("update patient set user_id = $1 where patient_id = $2", user_id, patient["patient_id"])
        change = asyncio.create_task(api.admin.patch(f"/users/{user_id}", json={"roles": ["doctor"]}))
        await asyncio.sleep(0.1)
        assert not change.done()

    problem(await change, 409, "linked")


async def test_a_link_to_the_wrong_kind_is_refused_by_the_database(api: Api) -> None:
    patient = await make.patient(api)

    for statement in (
        f"update patient set user_id = {api.user_ids['doctor']} where patient_id = {patient['patient_id']}",
        f"insert into employee (first_name, last_name, user_id) values ('A', 'B', {api.user_ids['patient']})",
    ):
        with pytest.raises(Exception, match=r"not_a_(patient|staff)_user"):
            await api.owner.execute(statement)


async def test_it_is_in_the_audit_log(api: Api) -> None:
    await api.manager.patch(f"/users/{api.user_ids['doctor']}", json={"roles": ["assistant"]})

    (entry,) = await api.audited(entity="dcms_user", action="update")
    assert (entry["before"], entry["after"]) == ({"roles": ["doctor"]}, {"roles": ["assistant"]})
    assert (entry["actor_id"], entry["entity_id"]) == (api.user_ids["manager"], api.user_ids["doctor"])


@pytest.mark.parametrize("role", ["doctor", "assistant", "receptionist", "patient"])
async def test_others_may_not(api: Api, role: str) -> None:
    problem(await getattr(api, role).patch(f"/users/{api.user_ids['doctor']}", json={}), 403, "forbidden")


async def test_what_names_nothing_is_404(api: Api) -> None:
    problem(await api.admin.patch("/users/123456", json={"display_name": "X"}), 404, "not_found")
