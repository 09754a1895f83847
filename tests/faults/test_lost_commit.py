"""The connection breaks after the handler has answered and before its answer is committed: 503, and the key is free."""

from typing import Any

import asyncpg
import pytest

from dcms.web import idempotency
from tests.api import Api, problem


async def test_an_answer_that_was_not_committed_is_not_given(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    database, execute = api.services.database, api.services.database.execute

    async def break_at_the_end(query: Any, **arguments: Any) -> int:
        if query is idempotency.SQL.keep:
            raise asyncpg.ConnectionDoesNotExistError
        return await execute(query, **arguments)

    headers = {"Idempotency-Key": "once"}
    with monkeypatch.context() as patch:
        patch.setattr(database, "execute", break_at_the_end)
        broken = await api.admin.post("/chairs", json={"name": "Chair 9"}, headers=headers)
    again = await api.admin.post("/chairs", json={"name": "Chair 9"}, headers=headers)

    assert problem(broken, 503, "unavailable")
    assert int(broken.headers["retry-after"]) >= 1
    assert again.status_code == 201
    assert "idempotency-replayed" not in again.headers
