"""Access tokens: what a request is let in on."""

import base64
import json
import time
from typing import Any

import jwt
import pytest

from tests.api import JWT_KEYS, Api, problem

KEY = JWT_KEYS["k1"]


def claims(api: Api, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    made: dict[str, Any] = {
        "iss": "dcms",
        "sub": str(api.user_ids["doctor"]),
        "sid": api.session_ids["doctor"],
        "roles": ["doctor"],
        "pid": None,
        "eid": None,
        "imp": None,
        "mcp": False,
        "iat": now,
        "exp": now + 60,
    }
    return {name: value for name, value in (made | changes).items() if value != "left out"}


def signed(api: Api, key: Any = KEY, algorithm: str = "HS256", kid: Any = "k1", **changes: Any) -> str:
    return jwt.encode(claims(api, **changes), key, algorithm=algorithm, headers={"kid": kid})


async def test_a_token_that_was_signed_here_is_let_in_also_by_a_clock_that_is_behind(api: Api) -> None:
    for issued_at in (time.time(), time.time() + 30):
        answer = await api.client(signed(api, iat=int(issued_at))).get("/auth/me")

        assert answer.status_code == 200


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_whatever_is_wrong_with_a_token_is_401(api: Api) -> None:
    nested = base64.urlsafe_b64encode(b"[" * 2900).decode().rstrip("=")
    tokens = [
        signed(api, key=b"x" * 32),
        signed(api, key="", algorithm="none"),
        signed(api, key=KEY * 2, algorithm="HS512"),
        signed(api, algorithm="HS512"),
        signed(api, kid="k2"),
        signed(api, kid="../../k1"),
        signed(api, exp=int(time.time()) - 1),
        signed(api, exp="left out"),
        signed(api, sid="left out"),
        signed(api, iss="somebody"),
        signed(api, roles=["owner"]),
        signed(api, sub="me"),
        signed(api) + "x",
        signed(api) + "é",
        f"{nested}.e30.x",
        "x" * 5000,
        "a.b.c",
        "null",
    ]
    for token in tokens:
        answer = await api.anonymous.get("/auth/me", headers={b"Authorization": f"Bearer {token}".encode("latin-1")})

        problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "token x", "Bearer\tx"])
async def test_another_header_is_401(api: Api, header: str) -> None:
    problem(await api.anonymous.get("/auth/me", headers={"Authorization": header}), 401, "unauthenticated")


async def test_a_token_that_was_let_in_ends_all_the_same(api: Api) -> None:
    client = api.client(signed(api, exp=int(time.time()) + 2))
    assert (await client.get("/auth/me")).status_code == 200

    with pytest.MonkeyPatch.context() as patch:
        later = time.time() + 2
        patch.setattr("dcms.access.tokens.time.time", lambda: later)
        answer = await client.get("/auth/me")

    problem(answer, 401, "unauthenticated")


async def test_a_token_carries_no_names(api: Api) -> None:
    token = api.token(1, 2, ["doctor"])
    payload = token.split(".")[1]
    said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))

    assert said.keys() == claims(api).keys()
