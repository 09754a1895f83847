"""GET /auth/me."""

import pytest

from dcms.access.permissions import Role, permissions_of
from tests import make
from tests.api import Api, bad_fields, problem


@pytest.mark.parametrize("role", list(Role))
async def test_it_shows_who_is_logged_in_and_what_he_may(api: Api, role: Role) -> None:
    answer = await getattr(api, role).get("/auth/me")

    user = (await api.admin.get(f"/users/{api.user_ids[role]}")).json()
    assert answer.status_code == 200
    assert answer.json() == {
        "user": user,
        "patient_id": None,
        "employee_id": None,
        "permissions": sorted(permissions_of(frozenset({role}))),
        "session_id": api.session_ids[role],
        "impersonator_id": None,
    }


async def test_a_link_shows_at_once_whatever_the_token_says(api: Api) -> None:
    patient = await make.patient(api)
    employee_id = await api.owner.fetchval(
        "insert into employee (first_name, last_name, user_id) values ('A', 'B', $1) returning employee_id",
        api.user_ids["doctor"],
    )
    await api.owner.execute(
        "update patient set user_id = $1 where patient_id = $2", api.user_ids["patient"], patient["patient_id"]
    )

    assert (await api.patient.get("/auth/me")).json()["patient_id"] == patient["patient_id"]
    assert (await api.doctor.get("/auth/me")).json()["employee_id"] == employee_id


async def test_nobody_is_nobody(api: Api) -> None:
    problem(await api.anonymous.get("/auth/me"), 401, "unauthenticated")


async def test_who_must_change_his_password_may_do_little_else(api: Api) -> None:
    await api.owner.execute("update dcms_user set must_change_password = true where username = 'admin'")
    await api.services.watch.read()
    closed = ["GET /auth/sessions", "POST /auth/logout_all_except_current", "POST /auth/sessions/revoke_all"]
    closed += ["GET /users", "GET /patients", "GET /clinic", "POST /auth/impersonate/1"]

    for route in closed:
        problem(await api.admin.request(*route.split()), 403, "password_change_required")
    assert (await api.admin.get("/auth/me")).status_code == 200
    assert bad_fields(await api.admin.post("/auth/refresh")) == {""}
    assert bad_fields(await api.admin.post("/auth/change_password")) == {""}
    assert (await api.admin.post("/auth/logout")).status_code == 204
