"""Whatever is done to an appointment, and whenever the worker comes by: no old reminder goes out, and none twice."""

import asyncio
import random
from collections import Counter
from datetime import datetime
from typing import Any

import pytest

from dcms.sms.providers.console import ConsoleProvider
from dcms.sms.providers.provider import Outgoing
from tests import make
from tests.api import Api
from tests.make import workday
from tests.worker.conftest import Worker

STARTS = [workday(9), workday(11), workday(9, day=1)]
STEPS = 40


class Watching(ConsoleProvider):
    """Looks at each message that goes out whether it may."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.sent: Counter[tuple[int, datetime]] = Counter()
        # several messages go out at once, and the owner has one connection
        self.looking = asyncio.Lock()
        # the worker takes whatever is raised here for the provider's fault
        self.faults: list[Exception] = []

    async def send(self, message: Outgoing) -> str:
        try:
            async with self.looking:
                await self._look(message)
        except Exception as fault:
            self.faults.append(fault)
            raise
        return await super().send(message)

    async def _look(self, message: Outgoing) -> None:
        row: Any = await self.api.owner.fetchrow(
            """
            select sms.reminder_offset_minutes, sms.reminder_starts_at, appointment.starts_at, appointment.status,
                patient.archived_at, phone_number.sms_opt_out,
                (
                    select patient_phone.e164
                    from patient_phone
                    where patient_phone.patient_id = patient.patient_id
                        and is_primary
                ) as primary_phone
            from sms
            join appointment using (appointment_id)
            join patient on patient.patient_id = appointment.patient_id
            join phone_number on phone_number.e164 = sms.e164
            where sms_id = $1
            """,
            message.sms_id,
        )
        assert row["status"] in ("booked", "confirmed")
        assert row["starts_at"] == row["reminder_starts_at"]
        assert row["archived_at"] is None
        assert row["sms_opt_out"] is False
        assert row["primary_phone"] == message.e164
        self.sent[row["reminder_offset_minutes"], row["starts_at"]] += 1


async def work_on_some(api: Api, worker: Worker, chance: random.Random) -> None:
    """Have some of the jobs done, due or not, while the others must wait."""
    for (outbox_id,) in await api.owner.fetch("select outbox_id from outbox"):
        hours = chance.choice([-1, 1])
        await api.owner.execute(
            "update outbox set available_at = now() + make_interval(hours => $2) where outbox_id = $1", outbox_id, hours
        )
    await worker.work()


@pytest.mark.parametrize("seed", range(12))
async def test_no_old_reminder_and_none_twice(api: Api, seed: int) -> None:
    chance = random.Random(seed)
    provider = Watching(api)
    worker = Worker(api, provider)
    await make.settings(api, reminder_offsets_minutes=[1440, 120])
    patient_id, _ = await make.holder(api)
    appointment = await make.appointment(api, patient_id=patient_id, starts_at=STARTS[0])
    path = f"/appointments/{appointment['appointment_id']}"
    await api.owner.execute("insert into phone_number (e164, national, type) values ('+4930222', '030 222', 'mobile')")
    await api.owner.execute("insert into patient_phone (patient_id, e164) values ($1, '+4930222')", patient_id)

    for _ in range(STEPS):
        match chance.randrange(9):
            case 0 | 1:
                await api.doctor.patch(path, json={"starts_at": chance.choice(STARTS).isoformat()})
            case 2:
                await api.doctor.post(f"{path}/cancel", json={})
            case 3:
                await api.doctor.post(f"{path}/reopen", json={"reason": "x"})
            case 4:
                await api.doctor.post(f"{path}/confirm")
            case 5:
                await api.owner.execute("update phone_number set sms_opt_out = $1", chance.random() < 0.3)
            case 6:
                is_archived = chance.random() < 0.3
                await api.owner.execute(
                    """
                    update patient set archived_at = case when $1 then now() end,
                        status = case when $1 then 'archived' else 'active' end
                    """,
                    is_archived,
                )
            case 7:
                await api.owner.execute("update patient_phone set is_primary = false where is_primary")
                await api.owner.execute(
                    "update patient_phone set is_primary = true where e164 = $1",
                    chance.choice(["+4930222", "+491712345678"]),
                )
            case 8:
                await work_on_some(api, worker, chance)

    await work_on_some(api, worker, chance)
    await api.owner.execute("update outbox set available_at = now() - interval '1 hour'")
    await worker.work()
    assert provider.faults == []
    assert set(provider.sent.values()) <= {1}
    found: Any = await api.owner.fetchrow(
        """
        select status in ('booked', 'confirmed')
            and (select archived_at is null from patient)
            and not (select bool_or(sms_opt_out) from phone_number) as is_wanted,
            starts_at
        from appointment
        """
    )
    if found["is_wanted"]:
        await api.owner.execute("update outbox set available_at = now() - interval '1 hour'")
        await worker.work()
        for offset in (1440, 120):
            assert provider.sent[offset, found["starts_at"]] == 1
