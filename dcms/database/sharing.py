"""Readings of a row that come at the same time share a statement: see decision 25.

To ask the database and to hear its answer costs a process more than the answer itself: a message each way, a turn of
the event loop, and whatever is no longer in the processor's cache by then.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg

from dcms.batches import Batches
from dcms.database.failures import FAILS_ALL
from dcms.database.queries import Query
from dcms.web.problems import Unavailable

AT_ONCE = 100
# as long as one waits for a connection
PATIENCE_S = 2

Ids = Sequence[int | None]
Records = Callable[[str, str, Sequence[Any]], Awaitable[list[asyncpg.Record]]]

_PARAMETER = re.compile(r"\$(\d+)")


class Wish:
    """The ids of a row, and the answer that somebody waits for."""

    __slots__ = ("answer", "ids", "since")

    def __init__(self, ids: Ids) -> None:
        loop = asyncio.get_running_loop()
        self.ids = ids
        self.since = loop.time()
        self.answer: asyncio.Future[asyncpg.Record | None] = loop.create_future()

    def fail(self, error: Exception) -> None:
        """Raise this where the answer is waited for, if it still is."""
        if not self.answer.done():
            self.answer.set_exception(error)


class SharedReading:
    """A statement for one row, run for all rows that are wanted while it runs for others."""

    def __init__(self, query: Query, records: Records) -> None:
        self._name = query.name
        self._text = shared_text(query)
        self._records = records
        self._wishes: Batches[Wish] = Batches(self._read, AT_ONCE)
        # when the statement before this one ended
        self._ended = 0.0

    async def record(self, ids: Ids) -> asyncpg.Record | None:
        """The row of these ids, with a column more, as it is now or a moment later."""
        wish = Wish(ids)
        self._wishes.add([wish])
        return await wish.answer

    async def _read(self, wishes: list[Wish]) -> None:
        wishes = self._still_patient(wishes)
        try:
            columns = list(zip(*(wish.ids for wish in wishes), strict=True))
            records = await self._records(self._name, self._text, columns) if wishes else []
        except Exception as error:
            if len(wishes) > 1 and not isinstance(error, FAILS_ALL):
                # whosever row can't be read, the others get theirs
                for wish in wishes:
                    await self._read([wish])
                return
            for wish in wishes:
                wish.fail(error)
            return
        finally:
            self._ended = asyncio.get_running_loop().time()
        found = {record[-1]: record for record in records}
        for place, wish in enumerate(wishes, 1):
            if not wish.answer.done():
                wish.answer.set_result(found.get(place))

    def _still_patient(self, wishes: list[Wish]) -> list[Wish]:
        """Those who can wait for another statement: what the one before them waited for may never come."""
        latest = min(self._ended, asyncio.get_running_loop().time() - PATIENCE_S)
        for wish in wishes:
            if wish.since < latest:
                wish.fail(Unavailable("The service is busy."))
        return [wish for wish in wishes if not wish.answer.done()]


def shared_text(query: Query) -> str:
    """The statement of one row for many: its parameters, all of them ids, become columns, and the place comes last."""
    names = query.parameters
    # as the array of a query its length is no reason to plan anew each time
    arrays = ", ".join(f"(select ${number}::bigint[])" for number in range(1, len(names) + 1))
    one = _PARAMETER.sub(lambda match: f"wanted.{names[int(match[1]) - 1]}", query.text)
    wanted = f"unnest({arrays}) with ordinality as wanted ({', '.join(names)}, place)"
    return f"select found.*, wanted.place from {wanted} cross join lateral (\n{one}\n) as found"  # noqa: S608
