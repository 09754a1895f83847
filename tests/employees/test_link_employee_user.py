"""POST /employees/{employee_id}/link_user/{user_id} and /unlink_user."""

import asyncio

from tests import make
from tests.api import Api, problem


async def test_linking_and_unlinking_again_change_nothing(api: Api) -> None:
    employee = await make.employee(api)
    path = f"/employees/{employee['employee_id']}"
    user_id = api.user_ids["doctor"]

    actions = (f"/link_user/{user_id}", f"/link_user/{user_id}", "/unlink_user", "/unlink_user")
    answers = [await api.manager.post(path + action) for action in actions]

    assert [answer.status_code for answer in answers] == [200] * 4
    linked, twice, unlinked, again = [answer.json() for answer in answers]
    assert linked == employee | {"user_id": user_id, "updated_at": linked["updated_at"], "version": 2}
    assert twice == linked
    assert unlinked == employee | {"updated_at": unlinked["updated_at"], "version": 3}
    assert again == unlinked
    assert len(await api.audited(entity="employee", action="update")) == 2


async def test_a_link_is_one_to_one(api: Api) -> None:
    linked = await make.employee(api)
    other = await make.employee(api)
    await api.admin.post(f"/employees/{linked['employee_id']}/link_user/{api.user_ids['doctor']}")

    for employee, user in ((other, "doctor"), (linked, "manager")):
        answer = await api.admin.post(f"/employees/{employee['employee_id']}/link_user/{api.user_ids[user]}")
        problem(answer, 409, "user_already_linked")


async def test_a_patients_login_is_no_staff(api: Api) -> None:
    employee = await make.employee(api)

    answer = await api.admin.post(f"/employees/{employee['employee_id']}/link_user/{api.user_ids['patient']}")

    problem(answer, 409, "not_a_staff_user")
    assert (await api.admin.get(f"/employees/{employee['employee_id']}")).json() == employee


async def test_of_many_links_at_once_one_holds(api: Api) -> None:
    employees = [await make.employee(api) for _ in range(6)]
    user_id = api.user_ids["doctor"]

    answers = await asyncio.gather(
        *(api.admin.post(f"/employees/{each['employee_id']}/link_user/{user_id}") for each in employees)
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    for answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, "user_already_linked")


async def test_an_unknown_login_is_404(api: Api) -> None:
    employee = await make.employee(api)

    problem(await api.admin.post(f"/employees/{employee['employee_id']}/link_user/999"), 404, "not_found")
