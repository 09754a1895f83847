"""The policy of passwords."""

import asyncio
from functools import partial

import pytest

from dcms.access.passwords import Line, temporary_password
from dcms.web.problems import Unavailable
from tests.api import Api


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "x7#pQ2!vLm9z",
        "ünïcödé wörds töo",
        "  spaces count too  ",
        "trombone otter " * 8,
    ],
)
async def test_what_is_hard_to_guess_will_do(api: Api, password: str) -> None:
    assert await api.services.hasher.fault(password, "anna") is None


@pytest.mark.parametrize("password", ["x7#pQ2!vLm9", "a" * 12, "qwertyuiopas", "password1234", "x7#pQ2!vLm" * 13])
async def test_what_is_short_long_or_easy_will_not(api: Api, password: str) -> None:
    assert await api.services.hasher.fault(password, "anna") is not None


async def test_the_username_is_not_to_be_in_it(api: Api) -> None:
    hasher = api.services.hasher

    assert await hasher.fault("the ANNA conspiracy theory", "anna") == "must not contain the username"
    assert await hasher.fault("the ANNA conspiracy theory", "an") is None


async def test_a_password_made_to_keep_the_judge_busy_keeps_no_login_waiting(api: Api) -> None:
    hasher = api.services.hasher
    busy = asyncio.create_task(hasher.fault("4@8({[</369&#!1/|0$5+7%2/4" * 3, "anna"))
    await asyncio.sleep(0)

    await hasher.verify(None, "x")

    assert not busy.done()
    busy.cancel()


async def test_a_line_that_is_full_is_503() -> None:
    line = Line("test", 1, 2)

    results = await asyncio.gather(*(line.run(partial(int, "1")) for _ in range(3)), return_exceptions=True)
    line.close()

    assert results[:2] == [1, 1]
    assert isinstance(results[2], Unavailable)


def test_temporary_passwords_are_long_and_free_of_lookalikes() -> None:
    made = {temporary_password() for _ in range(100)}

    assert len(made) == 100
    assert all(len(password) == 19 and not set(password) & set("01ilo") for password in made)
