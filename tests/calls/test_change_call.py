"""PATCH and DELETE /calls/{call_id}."""

from tests import make
from tests.api import Api, bad_fields, problem
from tests.calls.test_add_call import NUMBER, add, employee


async def test_absent_stays_and_null_clears(api: Api) -> None:
    call = await add(api, number=NUMBER, note="x", answered_at="2026-11-22T09:00:00Z")
    path = f"/calls/{call['call_id']}"

    changed = await api.receptionist.patch(path, json={"note": None, "ended_at": "2026-11-22T09:01:00Z"})
    empty = await api.receptionist.patch(path, json={})

    assert changed.status_code == 200
    assert changed.json() == {
        **call,
        "note": None,
        "ended_at": "2026-11-22T09:01:00Z",
        "duration_s": 60,
        "updated_at": changed.json()["updated_at"],
        "version": 2,
    }
    assert empty.json() == changed.json() == (await api.doctor.get(path)).json()
    assert [row["after"].keys() for row in await api.audited(entity="call", action="update")] == [{"note", "ended_at"}]


async def test_another_number_is_looked_up_again(api: Api) -> None:
    patient_id, _ = await make.holder(api)
    second, hold = await make.holder(api)
    employee_id = await employee(api, "+4930222333")
    call = await add(api, number="+4930999888", note="kept")
    path = f"/calls/{call['call_id']}"

    async def change(**fields: object) -> tuple[object, ...]:
        answer = await api.receptionist.patch(path, json=fields)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        return body["patient_id"], body["contact_type"], body["employee_id"], body["candidates"], body["note"]

    assert await change(number=NUMBER) == (None, "patient", None, [patient_id, second], "kept")
    assert await change(phone_number_id=hold) == (second, "patient", None, [], "kept")
    assert await change(number="+4930222333") == (None, "employee", employee_id, [], "kept")
    assert await change(contact_type="other") == (None, "other", employee_id, [], "kept")
    assert await change(employee_id=None) == (None, "other", None, [], "kept")
    assert await change(number=NUMBER, contact_type="supplier", employee_id=employee_id) == (
        *(None, "supplier", employee_id, [patient_id, second], "kept"),
    )


async def test_bad_changes_are_refused(api: Api) -> None:
    call = await add(api, number=NUMBER, started_at="2026-11-22T09:00:00Z")
    path = f"/calls/{call['call_id']}"

    body = {"direction": None, "number": "1", "status": None, "patient_id": 1, "started_at": None, "provider": "x"}
    assert bad_fields(await api.receptionist.patch(path, json=body)) == set(body)
    both = {"number": NUMBER, "phone_number_id": 1}
    assert bad_fields(await api.receptionist.patch(path, json=both)) == {"phone_number_id"}
    for field in ("answered_at", "ended_at"):
        assert bad_fields(await api.receptionist.patch(path, json={field: "2026-11-22T08:00:00Z"})) == {field}
        backwards = {"started_at": "2026-11-22T09:00:00Z", field: "2026-11-22T08:00:00Z"}
        assert bad_fields(await api.receptionist.patch(path, json=backwards)) == {field}
    for field in ("phone_number_id", "employee_id"):
        answer = await api.receptionist.patch(path, json={field: 999})
        assert problem(answer, 422, "unknown_reference")["errors"][0]["field"] == field
    assert (await api.doctor.get(path)).json() == call


async def test_if_match(api: Api) -> None:
    path = f"/calls/{(await add(api, number=NUMBER))['call_id']}"
    etag = (await api.doctor.get(path)).headers["etag"]

    assert (await api.receptionist.patch(path, json={"note": "1"}, headers={"If-Match": etag})).status_code == 200
    problem(await api.receptionist.patch(path, json={"note": "2"}, headers={"If-Match": etag}), 412, "version_mismatch")
    problem(await api.receptionist.delete(path, headers={"If-Match": etag}), 412, "version_mismatch")
    assert (await api.doctor.get(path)).json()["note"] == "1"


async def test_a_deleted_call_is_gone_from_lists_and_stays_in_the_audit_log(api: Api) -> None:
    patient_id, _ = await make.holder(api)
    path = f"/calls/{(await add(api, number=NUMBER))['call_id']}"

    assert (await api.receptionist.delete(path)).status_code == 204

    problem(await api.receptionist.get(path), 404, "not_found")
    problem(await api.receptionist.patch(path, json={}), 404, "not_found")
    problem(await api.receptionist.delete(path), 404, "not_found")
    for listed in ("/calls", f"/patients/{patient_id}/calls"):
        assert (await api.doctor.get(listed)).json()["items"] == []
    assert len(await api.audited(entity="call", action="delete")) == 1


async def test_permissions(api: Api) -> None:
    path = f"/calls/{(await add(api, number=NUMBER))['call_id']}"

    for client in (api.doctor, api.assistant, api.patient):
        problem(await client.patch(path, json={}), 403, "forbidden")
        problem(await client.delete(path), 403, "forbidden")
    problem(await api.patient.get(path), 403, "forbidden")
    assert (await api.assistant.get(path)).status_code == 200
