"""GET and DELETE /sms/{sms_id}, POST /sms/{sms_id}/mark_reviewed."""

import pytest

from tests import make
from tests.api import Api, problem
from tests.sms.test_list_sms import received


@pytest.mark.parametrize("fields", [{"text": "x"}, {"text": "x", "scheduled_for": "2100-01-01T00:00:00Z"}])
async def test_deleting_what_waits_cancels_it_and_it_stays_readable(api: Api, fields: dict[str, str]) -> None:
    _, hold = await make.holder(api)
    message = await make.sms(api, hold, **fields)

    answer = await api.receptionist.delete(f"/sms/{message['sms_id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    kept = (await api.receptionist.get(f"/sms/{message['sms_id']}")).json()
    assert (kept["status"], kept["version"]) == ("canceled", 2)
    entry = (await api.audited(entity="sms", action="update"))[0]
    assert entry["after"] == {"status": "canceled"}


async def test_deleting_any_other_hides_it(api: Api) -> None:
    _, hold = await make.holder(api)
    message = await make.sms(api, hold, text="x", send=False)
    path = f"/sms/{message['sms_id']}"

    assert (await api.receptionist.delete(path)).status_code == 204

    problem(await api.receptionist.get(path), 404, "not_found")
    problem(await api.receptionist.delete(path), 404, "not_found")
    problem(await api.receptionist.post(f"{path}/mark_reviewed"), 404, "not_found")
    for listed in ("/sms", "/sms?query=x", "/patients/1/sms", f"/phone_numbers/{hold}/sms"):
        assert (await api.receptionist.get(listed)).json()["items"] == []
    assert len(await api.audited(entity="sms", action="delete")) == 1


async def test_reviewing_counts_once(api: Api) -> None:
    await make.holder(api)
    path = f"/sms/{await received(api, '+491712345678', 'hi')}"

    first = await api.receptionist.post(f"{path}/mark_reviewed")
    second = await api.manager.post(f"{path}/mark_reviewed", json={})

    assert first.status_code == second.status_code == 200
    assert first.json() == second.json() == (await api.doctor.get(path)).json()
    assert first.json()["reviewed_by"] == api.user_ids["receptionist"]
    assert first.json()["version"] == 2
    assert len(await api.audited(entity="sms", action="update")) == 1
    assert len((await api.doctor.get("/sms?reviewed=true")).json()["items"]) == 1


async def test_an_outgoing_message_is_not_reviewed(api: Api) -> None:
    _, hold = await make.holder(api)
    message = await make.sms(api, hold)

    answer = await api.receptionist.post(f"/sms/{message['sms_id']}/mark_reviewed")

    assert problem(answer, 409, "invalid_transition")["allowed"] == []


async def test_if_match_and_permissions(api: Api) -> None:
    await make.holder(api)
    path = f"/sms/{await received(api, '+491712345678', 'hi')}"

    problem(
        await api.receptionist.post(f"{path}/mark_reviewed", headers={"If-Match": '"7-x"'}), 412, "version_mismatch"
    )
    problem(await api.receptionist.delete(path, headers={"If-Match": '"7-x"'}), 412, "version_mismatch")
    problem(await api.doctor.post(f"{path}/mark_reviewed"), 403, "forbidden")
    problem(await api.assistant.delete(path), 403, "forbidden")
    assert (await api.doctor.get(path)).json()["version"] == 1
