"""What is kept under Idempotency-Key, and for how long; see also tests/patients/test_add_patient.py."""

from dcms.web.gate import forget_answers
from tests.api import Api


async def test_answers_are_forgotten_after_24_hours(api: Api) -> None:
    for key in ("old", "new"):
        answer = await api.admin.post(
            "/patients", json={"first_name": "A", "last_name": "B"}, headers={"Idempotency-Key": key}
        )
        assert answer.status_code == 201
    await api.owner.execute("update idempotency_key set created_at = now() - interval '25 hours' where key = 'old'")

    assert await forget_answers(api.services.database) == 1
    assert await api.owner.fetchval("select array_agg(key) from idempotency_key") == ["new"]
