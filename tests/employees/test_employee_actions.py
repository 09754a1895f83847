"""What all actions on an employee have in common: archive, restore, link_user, unlink_user."""

import pytest

from tests import make
from tests.api import Api, problem


@pytest.mark.parametrize("action", ["archive", "restore", "link_user/{user_id}", "unlink_user"])
async def test_permission_404_and_412(api: Api, action: str) -> None:
    action = action.format(user_id=api.user_ids["doctor"])
    path = f"/employees/{(await make.employee(api))['employee_id']}"
    stale = {"If-Match": (await api.admin.get(path)).headers["etag"]}
    current = (await api.admin.patch(path, json={"title": "Dr."})).json()

    for client in (api.doctor, api.assistant, api.receptionist, api.patient):
        problem(await client.post(f"{path}/{action}"), 403, "forbidden")
    problem(await api.anonymous.post(f"{path}/{action}"), 401, "unauthenticated")
    problem(await api.admin.post(f"/employees/9/{action}"), 404, "not_found")
    problem(await api.admin.post(f"{path}/{action}", headers=stale), 412, "version_mismatch")
    assert (await api.admin.get(path)).json() == current
