"""What a patient's messages and calls cost among very many."""

from typing import Any

import pytest

from dcms.calls.repository import SQL as CALLS
from dcms.database.queries import Query
from dcms.patients.repository import SQL as PATIENTS
from dcms.sms.repository import SQL as SMS
from dcms.timeline.repository import SQL as TIMELINE
from tests import make
from tests.api import Api
from tests.plans import buffers

ANYTIME = dict.fromkeys(["starts_at", "ends_at", "after_at", "after_kind", "after_id"])
READS_ALL = dict.fromkeys(
    ["reads_schedule", "reads_treatments", "reads_billing", "reads_messages", "reads_calls"], True
)


async def crowd(api: Api) -> None:
    """Put 40,000 messages and calls of 4,000 other numbers there."""
    await api.owner.execute(
        """
        select set_config('dcms.context', '{}', false);
        alter table sms disable trigger user;
        alter table call disable trigger user;
        insert into phone_number (e164, national, type)
        select '+4917' || (10000000 + n), n, 'mobile'
        from generate_series(0, 3999) as n;
        insert into sms (e164, direction, text, status, segments, encoding)
        select '+4917' || (10000000 + n % 4000), 'in', 'x', 'received', 1, 'GSM-7'
        from generate_series(1, 40000) as n;
        insert into call (e164, direction, status, contact_type, started_at)
        select '+4917' || (10000000 + n % 4000), 'in', 'missed', 'prospect', now() - n * interval '1 minute'
        from generate_series(1, 40000) as n;
        alter table sms enable trigger user;
        alter table call enable trigger user;
        analyze sms, call, patient_phone, phone_number
        """
    )


@pytest.mark.parametrize(
    "query, arguments",
    [
        (SMS.find_of_patient, {}),
        (CALLS.find_of_patient, {}),
        (TIMELINE.find, {**ANYTIME, "kinds": ["message", "call"], "limit": 51}),
        (PATIENTS.summary, READS_ALL),
    ],
    ids=["messages", "calls", "timeline", "summary"],
)
async def test_the_messages_and_calls_of_a_patient_are_found_by_his_numbers(
    api: Api, query: Query, arguments: dict[str, Any]
) -> None:
    patient_id, phone_number_id = await make.holder(api)
    await make.sms(api, phone_number_id)
    await crowd(api)

    assert await buffers(api, query, {**arguments, "patient_id": patient_id}) < 150
