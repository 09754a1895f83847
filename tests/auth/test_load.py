"""Logins don't keep the event loop from other requests.

Time on the wall says little on a busy machine. What is compared is the processor time that the loop's own thread
spends in one of its steps: other processes and the hashing threads don't count in it, and a hash made on the loop
would be one long step.
"""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable

import pytest
from argon2 import PasswordHasher as Argon2

from dcms.access import throttle
from tests.api import PASSWORD, Api

LOGINS = 100


async def longest_step_s(monkeypatch: pytest.MonkeyPatch, work: Callable[[], Awaitable[None]]) -> float:
    """The longest step of the event loop while some work is done."""
    longest = 0.0
    run = asyncio.Handle._run

    def measured(handle: asyncio.Handle) -> None:
        nonlocal longest
        before = time.thread_time()
        run(handle)
        longest = max(longest, time.thread_time() - before)

    gc.collect()
    gc.disable()
    try:
        with monkeypatch.context() as patch:
            patch.setattr(asyncio.Handle, "_run", measured)
            await work()
    finally:
        gc.enable()
    return longest


def hash_on_this_thread_s() -> float:
    """The processor time of one verification."""
    argon2 = Argon2(time_cost=2, memory_cost=19_456, parallelism=1)
    kept = argon2.hash(PASSWORD)
    before = time.thread_time()
    argon2.verify(kept, PASSWORD)
    return time.thread_time() - before


async def test_no_step_of_the_loop_is_as_long_as_a_hash_while_a_hundred_log_in(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "PATIENCE_S", 60)
    await api.give_password("doctor")
    body = {"username": "doctor", "password": PASSWORD}
    hash_s = hash_on_this_thread_s()
    statuses: list[int] = []

    async def log_in() -> None:
        answers = await asyncio.gather(*(api.anonymous.post("/auth/login", json=body) for _ in range(LOGINS)))
        statuses.extend(answer.status_code for answer in answers)

    async def other_requests() -> None:
        await asyncio.gather(*(api.doctor.get("/auth/me") for _ in range(LOGINS)))

    async def both() -> None:
        await asyncio.gather(log_in(), other_requests())

    without_s = await longest_step_s(monkeypatch, other_requests)
    with_s = await longest_step_s(monkeypatch, both)

    assert statuses == [200] * LOGINS
    assert with_s < without_s + hash_s / 2


async def test_others_are_answered_while_the_hashing_goes_on(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "PATIENCE_S", 60)
    await api.give_password("doctor")
    body = {"username": "doctor", "password": PASSWORD}
    logins = [asyncio.create_task(api.anonymous.post("/auth/login", json=body)) for _ in range(20)]
    answered = 0
    while not all(login.done() for login in logins):
        assert (await api.assistant.get("/auth/me")).status_code == 200
        answered += 1

    # with the hashing on the loop about one other request would get through for each login
    assert {login.result().status_code for login in logins} == {200}
    assert answered > 2 * len(logins)
