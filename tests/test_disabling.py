"""What chairs, positions and services have in common: who may what, disable and enable, 404, 412."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests import make
from tests.api import Api, problem

MAKERS: dict[str, Callable[[Api], Awaitable[dict[str, Any]]]] = {
    "chairs": make.chair,
    "positions": make.position,
    "services": make.service,
}
ENTITIES = {"chairs": "chair", "positions": "position", "services": "service_catalog"}

pytestmark = pytest.mark.parametrize("kind", MAKERS)


async def path_of_one(api: Api, kind: str) -> str:
    """The path of a new one."""
    made = await MAKERS[kind](api)
    return f"/{kind}/{made[kind.removesuffix('s') + '_id']}"


async def test_disabling_and_enabling_again_change_nothing(api: Api, kind: str) -> None:
    path = await path_of_one(api, kind)

    answers = [await api.manager.post(path + action) for action in ("/disable", "/disable", "/enable", "/enable")]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert [(answer.json()["is_active"], answer.json()["version"]) for answer in answers] == [
        (False, 2),
        (False, 2),
        (True, 3),
        (True, 3),
    ]
    assert len(await api.audited(entity=ENTITIES[kind], action="update")) == 2


async def test_who_may_what(api: Api, kind: str) -> None:
    path = await path_of_one(api, kind)

    for client in (api.doctor, api.assistant, api.receptionist, api.patient):
        reads = client is not api.patient or kind == "services"
        assert (await client.get(path)).status_code == (200 if reads else 403)
        assert (await client.get(f"/{kind}")).status_code == (200 if reads else 403)
        problem(await client.post(f"/{kind}", json={"name": "A"}), 403, "forbidden")
        problem(await client.patch(path, json={"name": "A"}), 403, "forbidden")
        problem(await client.post(f"{path}/disable"), 403, "forbidden")
        problem(await client.post(f"{path}/enable"), 403, "forbidden")
    problem(await api.anonymous.get(path), 401, "unauthenticated")
    assert {row["entity"] for row in await api.audited(action="denied")} == {ENTITIES[kind]}


async def test_what_names_nothing_is_404(api: Api, kind: str) -> None:
    problem(await api.admin.get(f"/{kind}/9"), 404, "not_found")
    problem(await api.admin.patch(f"/{kind}/9", json={"name": "A"}), 404, "not_found")
    problem(await api.admin.post(f"/{kind}/9/disable"), 404, "not_found")
    problem(await api.admin.post(f"/{kind}/9/enable"), 404, "not_found")


async def test_another_version_is_412_and_changes_nothing(api: Api, kind: str) -> None:
    path = await path_of_one(api, kind)
    stale = {"If-Match": (await api.admin.get(path)).headers["etag"]}
    current = (await api.admin.patch(path, json={"name": "A"}, headers=stale)).json()

    problem(await api.admin.patch(path, json={"name": "B"}, headers=stale), 412, "version_mismatch")
    problem(await api.admin.post(f"{path}/disable", headers=stale), 412, "version_mismatch")
    problem(await api.admin.post(f"{path}/enable", headers=stale), 412, "version_mismatch")
    assert (await api.admin.get(path)).json() == current
