"""Readings of a row that come at the same time share a statement, and nothing else."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from dcms.database import sharing
from dcms.database.queries import parse
from dcms.database.sharing import SharedReading
from dcms.web.problems import Unavailable
from tests import make
from tests.api import Api, problem

QUERY = parse("things/get.sql", "select thing_id from thing where thing_id = :thing_id")


class Table:
    """Stands for the database: rows 1 to 9, of which the fifth can't be read."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.error: Exception | None = None
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def records(self, _name: str, _text: str, columns: Sequence[Any]) -> list[Any]:
        ids = list(columns[0])
        self.asked.append(ids)
        await self.may_go_on.wait()
        if self.error is not None:
            raise self.error
        if 5 in ids:
            raise asyncpg.DataError
        return [(number, place) for place, number in enumerate(ids, 1) if number < 10]


async def read(reading: SharedReading, number: int) -> Any:
    """A row and its place."""
    return await reading.record([number])


@pytest.fixture
async def table() -> Table:
    return Table()


async def test_alone_it_is_read_at_once_and_what_comes_meanwhile_is_read_together(table: Table) -> None:
    reading = SharedReading(QUERY, table.records)
    table.may_go_on.clear()
    first = asyncio.create_task(read(reading, 1))
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(read(reading, number)) for number in (2, 3, 99, 2)]
    await asyncio.sleep(0.01)
    table.may_go_on.set()

    assert await first == (1, 1)
    assert await asyncio.gather(*others) == [(2, 1), (3, 2), None, (2, 4)]
    assert table.asked == [[1], [2, 3, 99, 2]]


async def test_a_row_that_can_not_be_read_fails_nobody_elses(table: Table) -> None:
    reading = SharedReading(QUERY, table.records)

    answers = await asyncio.gather(*(read(reading, number) for number in (4, 5, 6)), return_exceptions=True)

    assert answers[0] == (4, 1)
    assert isinstance(answers[1], asyncpg.DataError)
    assert answers[2] == (6, 1)


async def test_a_database_that_is_away_fails_all_at_once(table: Table) -> None:
    reading = SharedReading(QUERY, table.records)
    table.error = ConnectionResetError()

    answers = await asyncio.gather(*(read(reading, number) for number in (1, 2)), return_exceptions=True)

    assert [type(answer) for answer in answers] == [ConnectionResetError] * 2
    assert table.asked == [[1, 2]]


async def test_who_waited_long_for_the_statement_before_is_told_so(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "PATIENCE_S", 0.05)
    reading = SharedReading(QUERY, table.records)
    table.may_go_on.clear()
    first = asyncio.create_task(read(reading, 1))
    await asyncio.sleep(0.01)
    second = asyncio.create_task(read(reading, 2))
    await asyncio.sleep(0.1)
    third = asyncio.create_task(read(reading, 3))
    await asyncio.sleep(0)
    table.may_go_on.set()

    assert await first == (1, 1)
    with pytest.raises(Unavailable):
        await second
    assert await third == (3, 1)


async def test_who_waited_for_no_statement_is_not_told_so_however_long_the_process_stood_still(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "PATIENCE_S", 0.01)
    reading = SharedReading(QUERY, table.records)
    await read(reading, 1)
    second = asyncio.create_task(read(reading, 2))
    await asyncio.sleep(0)
    time.sleep(0.05)  # noqa: ASYNC251 - that is the point

    assert await second == (2, 1)


async def test_who_hangs_up_takes_nobody_with_him(table: Table) -> None:
    reading = SharedReading(QUERY, table.records)
    table.may_go_on.clear()
    first, second = (asyncio.create_task(read(reading, number)) for number in (1, 2))
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.sleep(0)
    table.may_go_on.set()

    assert await second == (2, 2)


async def test_each_gets_his_own_row_as_he_may_see_it(api: Api) -> None:
    own, other = [(await make.patient(api, note="staff only"))["patient_id"] for _ in range(2)]
    patient = await api.own_patient(own)

    wanted = [
        (client, patient_id)
        for _ in range(10)
        for client in (api.doctor, patient)
        for patient_id in (own, other, 2**62)
    ]
    answers = await asyncio.gather(*(client.get(f"/patients/{patient_id}") for client, patient_id in wanted))

    for (client, patient_id), answer in zip(wanted, answers, strict=True):
        if client is patient and patient_id != own:
            problem(answer, 403, "forbidden")
        elif patient_id == 2**62:
            problem(answer, 404, "not_found")
        else:
            assert answer.json()["patient_id"] == patient_id
            assert answer.json()["note"] == (None if client is patient else "staff only")


async def test_who_has_just_written_reads_what_he_wrote(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]

    async def write_and_read(number: int) -> None:
        added = (await api.receptionist.post("/patients", json={"first_name": "A", "last_name": f"B{number}"})).json()
        read = (await api.receptionist.get(f"/patients/{added['patient_id']}")).json()
        assert read["last_name"] == f"B{number}"

    await asyncio.gather(
        *(write_and_read(number) for number in range(20)),
        *(api.doctor.get(f"/patients/{patient_id}") for _ in range(20)),
    )
