"""The ways of running a statement."""

import asyncpg
import pytest

from dcms.database.failures import problem_of_failure
from dcms.database.pool import on_constraint
from dcms.web.problems import Conflict, Unavailable


def test_a_problem_that_is_a_constant_does_not_keep_the_frames_of_every_raising() -> None:
    problem = Conflict("duplicate")

    def depth() -> int:
        error = asyncpg.UniqueViolationError()
        error.constraint_name = "thing_unique"
        with pytest.raises(Conflict), on_constraint("thing_unique", problem):
            raise error
        count, frame = 0, problem.__traceback__
        while frame is not None:
            count, frame = count + 1, frame.tb_next
        return count

    assert depth() == depth()


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.ConnectionDoesNotExistError(),
        asyncpg.CrashShutdownError(),
        asyncpg.IdleInTransactionSessionTimeoutError(),
        asyncpg.TargetServerAttributeNotMatched(),
        ConnectionResetError(),
        TimeoutError(),
    ],
)
def test_a_server_that_went_away_is_unavailable(error: Exception) -> None:
    assert isinstance(problem_of_failure(error), Unavailable)
