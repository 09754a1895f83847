"""The throttle of passwords: it holds across processes, restarts and attempts at once."""

import asyncio
import contextlib
import math
from collections import Counter
from ipaddress import IPv4Address

import asyncpg
import httpx
import pytest

from dcms.access import throttle
from dcms.access.throttle import network_of
from dcms.web.front import Front
from dcms.web.problems import Unavailable
from tests.api import PASSWORD, Api, problem

WRONG = "wrong"


async def attempt(client: httpx.AsyncClient, username: str, password: str = WRONG) -> httpx.Response:
    return await client.post("/auth/login", json={"username": username, "password": password})


async def have_failed(api: Api, count: int, username: str, address: str, minutes_ago: float = 1) -> None:
    """Failures of some time ago. The service makes the first, as only it knows the hash of the name."""
    await attempt(api.client(address=address), username)
    await api.owner.execute(
        """
        with made as (
            select * from login_attempt order by login_attempt_id desc limit 1
        ),
        moved as (
            update login_attempt set at = login_attempt.at - make_interval(secs => $2 * 60)
            from made where made.login_attempt_id = login_attempt.login_attempt_id
        )
        insert into login_attempt (account, address, at, has_failed)
        select account, address, at - make_interval(secs => $2 * 60), true from made, generate_series(2, $1)
        """,
        count,
        minutes_ago,
    )


async def test_the_eleventh_failure_from_one_address_is_not_even_hashed(api: Api) -> None:
    await api.give_password("doctor")
    await have_failed(api, 9, "doctor", "127.0.0.1", minutes_ago=5)
    problem(await attempt(api.anonymous, "doctor"), 401, "unauthenticated")
    before = api.services.hasher.work

    answers = [await attempt(api.anonymous, name, PASSWORD) for name in ("doctor", "DOCTOR ")]

    for answer in answers:
        problem(answer, 429, "too_many_requests")
        assert 595 <= int(answer.headers["retry-after"]) <= 600
    assert api.services.hasher.work == before
    assert (await attempt(api.client(address="192.0.2.7"), "doctor", PASSWORD)).status_code == 200


async def test_a_success_forgets_the_failures_of_its_pair_only(api: Api) -> None:
    await api.give_password("doctor")
    await have_failed(api, 9, "doctor", "127.0.0.1")
    await have_failed(api, 10, "doctor", "192.0.2.7")

    assert (await attempt(api.anonymous, "doctor", PASSWORD)).status_code == 200
    assert await api.owner.fetchval("select count(*) from login_attempt") == 10
    problem(await attempt(api.client(address="192.0.2.7"), "doctor", PASSWORD), 429, "too_many_requests")


async def test_an_account_fails_fifty_times_from_wherever(api: Api) -> None:
    await api.give_password("doctor")
    for number in range(7):
        await have_failed(api, 7, "doctor", f"192.0.2.{number}")
    problem(await attempt(api.client(address="192.0.2.99"), "doctor"), 401, "unauthenticated")

    problem(await attempt(api.client(address="192.0.2.100"), "doctor", PASSWORD), 429, "too_many_requests")


async def test_an_address_fails_a_hundred_times_with_whatever_names(api: Api) -> None:
    await api.give_password("doctor")
    for number in range(11):
        await have_failed(api, 9, f"guess-{number}", "2001:db8::1")
    neighbour = api.client(address="2001:db8::ffff")
    problem(await attempt(neighbour, "one more"), 401, "unauthenticated")

    problem(await attempt(neighbour, "doctor", PASSWORD), 429, "too_many_requests")
    assert (await attempt(api.client(address="2001:db8:0:1::1"), "doctor", PASSWORD)).status_code == 200


async def test_after_fifteen_minutes_it_is_forgotten(api: Api) -> None:
    await api.give_password("doctor")
    await have_failed(api, 10, "doctor", "127.0.0.1", minutes_ago=15.01)

    assert (await attempt(api.anonymous, "doctor", PASSWORD)).status_code == 200
    assert await api.owner.fetchval("select count(*) from login_attempt") == 0


async def test_of_many_at_once_in_two_processes_ten_are_tried(
    api: Api, other: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "PATIENCE_S", 60)
    await api.give_password("doctor")
    clients = [api.client(), api.client(app=other)]
    hashers = [api.services.hasher, other.services.hasher]
    before = sum(hasher.work for hasher in hashers)

    answers = await asyncio.gather(*(attempt(clients[number % 2], "doctor") for number in range(200)))

    assert Counter(answer.status_code for answer in answers) == {401: 10, 429: 190}
    assert sum(hasher.work for hasher in hashers) == before + 10


async def test_of_many_at_once_from_many_addresses_one_account_is_tried_fifty_times(api: Api) -> None:
    for number in range(6):
        await have_failed(api, 8, "doctor", f"192.0.2.{number}")
    clients = [api.client(address=f"198.51.100.{number}") for number in range(16)]

    answers = await asyncio.gather(*(attempt(client, "doctor") for client in clients))

    assert Counter(answer.status_code for answer in answers) == {401: 2, 429: 14}


@pytest.mark.parametrize("second", ["('a', '192.0.2.2')", "('b', '192.0.2.1')"], ids=["account", "address"])
async def test_attempts_that_share_an_account_or_an_address_are_counted_one_after_the_other(
    api: Api, second: str
) -> None:
    another = await asyncpg.connect(api.owner_url)
    async with api.owner.transaction():
        await api.owner.execute("select reserve_login_attempt('a', '192.0.2.1')")
        reserving = asyncio.create_task(another.execute(f"select reserve_login_attempt{second}"))
        await asyncio.sleep(0.1)
        assert not reserving.done()

    await reserving
    await another.close()


async def test_right_passwords_at_once_wait_for_each_other_and_all_pass(
    api: Api, other: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "PATIENCE_S", 60)
    await api.give_password("doctor")
    await have_failed(api, 8, "doctor", "127.0.0.1")
    clients = [api.client(), api.client(app=other)]

    answers = await asyncio.gather(*(attempt(clients[number % 2], "doctor", PASSWORD) for number in range(24)))

    assert {answer.status_code for answer in answers} == {200}
    assert await api.owner.fetchval("select count(*) from login_attempt") == 0


async def test_an_attempt_whose_process_died_counts_as_failed(api: Api) -> None:
    await api.give_password("doctor")
    await have_failed(api, 10, "doctor", "127.0.0.1")
    await api.owner.execute("update login_attempt set has_failed = false")

    problem(await attempt(api.anonymous, "doctor", PASSWORD), 429, "too_many_requests")


async def test_an_attempt_that_came_to_nothing_counts_for_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(password_hash: str | None, password: str) -> bool:
        raise Unavailable

    monkeypatch.setattr(api.services.hasher, "verify", full)

    problem(await attempt(api.anonymous, "doctor"), 503, "unavailable")
    assert await api.owner.fetchval("select count(*) from login_attempt") == 0


async def test_past_the_line_it_is_503(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MAX_WAITING", 5)
    monkeypatch.setattr(throttle, "PATIENCE_S", 60)
    await api.give_password("doctor")

    answers = await asyncio.gather(*(attempt(api.anonymous, "doctor", PASSWORD) for _ in range(30)))

    let_in = throttle.RUNNING + 5
    assert Counter(answer.status_code for answer in answers) == {200: let_in, 503: 30 - let_in}
    assert all("retry-after" in answer.headers for answer in answers if answer.status_code == 503)


async def test_past_its_patience_it_is_503_as_well(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "PATIENCE_S", 0.05)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(throttle.RUNNING):
            await stack.enter_async_context(api.services.throttle._slot(math.inf))
        answer = await attempt(api.anonymous, "doctor", PASSWORD)

    problem(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1


async def test_the_name_typed_in_is_kept_as_a_keyed_hash_only(api: Api) -> None:
    await attempt(api.anonymous, "hunter2")

    row = await api.owner.fetchrow("select * from login_attempt")
    assert row is not None
    assert len(row["account"]) == 32
    assert b"hunter2" not in row["account"]


def test_one_address_is_an_ipv4_address_or_a_64_of_ipv6() -> None:
    assert network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("2001:db8::1") == "2001:db8::1/64"
    assert network_of(None) == str(IPv4Address(0))
