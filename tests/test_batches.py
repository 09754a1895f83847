"""What comes at the same time is handled together, whatever becomes of the batch before."""

import asyncio

from dcms.batches import Batches


async def test_what_comes_while_a_batch_is_handled_is_the_next() -> None:
    handled: list[list[int]] = []

    async def handle(batch: list[int]) -> None:
        handled.append(batch)
        await asyncio.sleep(0)

    batches = Batches(handle, most=3)
    batches.add([1])
    await asyncio.sleep(0)
    batches.add([2, 3])
    batches.add([4, 5])
    await batches.settle()

    assert handled == [[1], [2, 3, 4], [5]]
    assert len(batches) == 0


async def test_a_batch_that_fails_does_not_stop_the_next() -> None:
    handled: list[int] = []

    async def handle(batch: list[int]) -> None:
        if 1 in batch:
            raise RuntimeError
        handled.extend(batch)

    batches = Batches(handle, most=1)
    batches.add([1, 2])
    await batches.settle()
    batches.add([3])
    await batches.settle()

    assert handled == [2, 3]
