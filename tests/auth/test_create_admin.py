"""dcms.auth.admin: the first admin, from the command line."""

import pytest

from dcms.auth.admin import create_admin
from dcms.web.problems import Conflict, Invalid
from tests.api import Api
from tests.databases import application_url

WORDS = "several unrelated words"


async def test_the_first_admin_can_log_in(api: Api) -> None:
    await api.owner.execute("truncate session, dcms_user, access_change cascade")

    await create_admin(application_url(api.owner_url), "Root", WORDS)

    answer = await api.anonymous.post("/auth/login", json={"username": "root", "password": WORDS})
    user = answer.json()["user"]
    assert (user["username"], user["display_name"], user["roles"]) == ("root", "Root", ["admin"])
    assert not user["must_change_password"]
    (entry,) = await api.audited(entity="dcms_user", request_id="cli")
    assert (entry["action"], entry["actor_id"]) == ("create", None)
    assert "argon2" not in str(entry)


@pytest.mark.parametrize(
    "username, password, field",
    [("a b", WORDS, "username"), ("root", "short", "password"), ("root", "password1234", "password")],
)
async def test_what_will_not_do_is_named(api: Api, username: str, password: str, field: str) -> None:
    with pytest.raises(Invalid) as invalid:
        await create_admin(application_url(api.owner_url), username, password)

    assert [error.field for error in invalid.value.errors] == [field]
    assert await api.owner.fetchval("select count(*) from dcms_user") == len(api.user_ids)


async def test_a_name_that_is_taken_is_a_conflict(api: Api) -> None:
    with pytest.raises(Conflict, match="duplicate"):
        await create_admin(application_url(api.owner_url), "DOCTOR", WORDS)
