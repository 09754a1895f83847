"""Sequences of merges and unmerges of a few patients: every record is its rightful owner's all the way."""

import random

import pytest

from tests import make
from tests.api import Api
from tests.merges.records import merge, unmerge

SHARED = "+491712345600"
STEPS = 24


class Model:
    """Who is merged into whom: a record is of whoever the one whom it was written of stands in at last."""

    def __init__(self, ids: list[int]) -> None:
        self.into: dict[int, int] = {}
        self.ids = ids
        # (table, id) → of whom it was written
        self.written_of: dict[tuple[str, int], int] = {}

    def survivor(self, patient_id: int) -> int:
        while patient_id in self.into:
            patient_id = self.into[patient_id]
        return patient_id

    def living(self) -> list[int]:
        return [each for each in self.ids if each not in self.into]

    def alone(self) -> list[int]:
        return [each for each in self.living() if each not in self.into.values()]

    def owners(self) -> dict[tuple[str, int], int]:
        return {row: self.survivor(of) for row, of in self.written_of.items()}


async def owners(api: Api) -> dict[tuple[str, int], int]:
    """Whose each treatment and payment is."""
    rows = await api.owner.fetch(
        """
        select 'treatment', treatment_id, patient_id from treatment
        union all
        select 'payment', payment_id, patient_id from payment
        """
    )
    return {(table, row_id): patient_id for table, row_id, patient_id in rows}


async def held_numbers(api: Api) -> dict[int, set[str]]:
    """The numbers of everybody who has one."""
    rows = await api.owner.fetch("select patient_id, array_agg(e164) from patient_phone group by patient_id")
    return {patient_id: set(held) for patient_id, held in rows}


async def write(api: Api, model: Model, patient_id: int, doctor_id: int) -> None:
    """A treatment and a payment."""
    answer = await api.doctor.post("/treatments", json={"patient_id": patient_id, "doctor_id": doctor_id})
    payment = await make.payment(api, patient_id, "5.00")
    model.written_of["treatment", answer.json()["treatment_id"]] = patient_id
    model.written_of["payment", payment["payment_id"]] = patient_id


async def step(api: Api, model: Model, chance: random.Random) -> str:
    """Merge two living ones, or undo any merge that stands."""
    living = model.living()
    if len(living) == 1 or (model.into and chance.random() < 0.5):
        source = chance.choice(sorted(model.into))
        target = model.survivor(source)
        del model.into[source]
        await unmerge(api, target, source)
        return f"unmerge {target} → {source}"
    target, source = chance.sample(living, 2)
    model.into[source] = target
    await merge(api, target, source)
    return f"merge {target} ← {source}"


@pytest.mark.parametrize("seed", range(6))
async def test_every_record_is_its_rightful_owners(api: Api, seed: int) -> None:
    chance = random.Random(seed)
    own = {}
    for number in range(3 + seed % 2):
        # all but one have a number in common
        numbers = [f"+49171234567{number}", *([SHARED] if number != 1 else [])]
        patient = await make.patient(api, phone_numbers=[{"number": each} for each in numbers])
        own[patient["patient_id"]] = set(numbers)
    model = Model(list(own))
    doctor_id = await make.doctor(api)
    for patient_id in own:
        await write(api, model, patient_id, doctor_id)

    done = []
    for _ in range(STEPS):
        done.append(await step(api, model, chance))

        rows = await api.owner.fetch("select patient_id, merged_into from patient")
        assert dict(map(tuple, rows)) == {each: model.survivor(each) if each in model.into else None for each in own}, (
            done
        )
        assert await owners(api) == model.owners(), done
        held_by = await held_numbers(api)
        for patient_id, held in held_by.items():
            group = [own[each] for each in own if model.survivor(each) == patient_id]
            assert held <= set().union(*group), done
        assert {each: held_by[each] for each in model.alone()} == {each: own[each] for each in model.alone()}, done
        if chance.random() < 0.3:
            await write(api, model, chance.choice(model.living()), doctor_id)
