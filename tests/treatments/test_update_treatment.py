"""PATCH and DELETE /treatments/{treatment_id}."""

from datetime import UTC, datetime
from typing import Any

from tests import make
from tests.api import Api, bad_fields, problem
from tests.treatments import rows


async def test_absent_stays_and_null_clears(api: Api) -> None:
    given = await rows.practice(api)
    made = await rows.treatment(api, given, {"status": "done"}, diagnosis="caries", note="x", performed_on="2026-05-01")
    other = await make.doctor(api)
    changes = {"diagnosis": None, "status": "completed", "doctor_id": other, "performed_on": "2026-06-01"}

    answer = await api.assistant.patch(f"/treatments/{made['treatment_id']}", json=changes)

    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert changed == {**made, **changes, "version": 2, "updated_at": changed["updated_at"]}
    assert changed == await rows.get(api, made["treatment_id"])


async def test_any_status_may_follow_any_other(api: Api) -> None:
    made = await rows.treatment(api, await rows.practice(api), status="completed")

    for version, status in enumerate(("planned", "in_progress", "completed", "in_progress", "planned"), start=2):
        answer = await api.doctor.patch(f"/treatments/{made['treatment_id']}", json={"status": status})
        assert (answer.json()["status"], answer.json()["version"]) == (status, version)


async def test_the_same_again_changes_nothing(api: Api) -> None:
    given = await rows.practice(api)
    made = await rows.treatment(api, given, note="x")

    for body in ({}, {"note": "x", "status": "planned", "doctor_id": given.doctor_id}):
        answer = await api.doctor.patch(f"/treatments/{made['treatment_id']}", json=body)
        assert answer.json() == made
    assert await api.audited(action="update", entity="treatment") == []


async def test_bad_fields_are_named(api: Api) -> None:
    given = await rows.practice(api)
    made = await rows.treatment(api, given)

    answer = await api.doctor.patch(
        f"/treatments/{made['treatment_id']}",
        json={"patient_id": given.patient_id, "doctor_id": None, "performed_on": None, "status": None, "items": []},
    )

    assert bad_fields(answer) == {"patient_id", "doctor_id", "performed_on", "status", "items"}


async def test_what_it_refers_to_must_be_there_and_usable(api: Api) -> None:
    given = await rows.practice(api)
    made = await rows.treatment(api, given)
    gone = await make.doctor(api, archived_at=datetime.now(UTC))
    foreign = await api.owner.fetchval(
        """
        insert into appointment (patient_id, doctor_id, starts_at, ends_at)
        values ($1, $2, '2026-03-03T09:00Z', '2026-03-03T10:00Z') returning appointment_id
        """,
        (await make.patient(api))["patient_id"],
        given.doctor_id,
    )

    async def refused(code: str, **changes: Any) -> None:
        answer = await api.doctor.patch(f"/treatments/{made['treatment_id']}", json=changes)
        assert [error["field"] for error in problem(answer, 422, code)["errors"]] == list(changes)

    await refused("unknown_reference", doctor_id=999)
    await refused("archived", doctor_id=gone)
    await refused("not_bookable", doctor_id=await make.doctor(api, is_bookable=False))
    await refused("unknown_reference", appointment_id=999)
    await refused("unknown_reference", appointment_id=foreign)
    assert await rows.get(api, made["treatment_id"]) == made


async def test_a_doctor_who_left_stays_on_his_treatments(api: Api) -> None:
    given = await rows.practice(api)
    made = await rows.treatment(api, given)
    await api.owner.execute("update employee set archived_at = now()")

    answer = await api.doctor.patch(
        f"/treatments/{made['treatment_id']}", json={"doctor_id": given.doctor_id, "note": "late"}
    )

    assert answer.json()["note"] == "late"


async def test_if_match_lets_only_the_version_named_through(api: Api) -> None:
    made = await rows.treatment(api, await rows.practice(api), {})
    path = f"/treatments/{made['treatment_id']}"
    etag = (await api.doctor.get(path)).headers["etag"]
    await api.doctor.patch(path, json={"note": "1"}, headers={"If-Match": etag})

    for answer in (
        await api.doctor.patch(path, json={"note": "2"}, headers={"If-Match": etag}),
        await api.doctor.delete(path, headers={"If-Match": etag}),
        await api.doctor.post(f"{path}/items", json={"service_id": 1}, headers={"If-Match": etag}),
    ):
        problem(answer, 412, "version_mismatch")
    assert (await rows.get(api, made["treatment_id"]))["note"] == "1"
    assert (await api.doctor.get(path, headers={"If-None-Match": etag})).status_code == 200
    new_etag = (await api.doctor.get(path)).headers["etag"]
    assert (await api.doctor.get(path, headers={"If-None-Match": new_etag})).status_code == 304
    assert (await api.doctor.delete(path, headers={"If-Match": new_etag})).status_code == 204


async def test_a_deleted_treatment_is_gone_with_all_its_parts_but_stays_in_the_audit_log(api: Api) -> None:
    given = await rows.practice(api)
    made = await rows.treatment(api, given, {"status": "done", "teeth": [{"tooth_id": 36}]})
    item = made["items"][0]
    path = f"/treatments/{made['treatment_id']}"

    answer = await api.doctor.delete(path)

    assert (answer.status_code, answer.content) == (204, b"")
    item_path = f"/treatment_items/{item['treatment_item_id']}"
    tooth_path = f"/treatment_item_teeth/{item['teeth'][0]['treatment_item_tooth_id']}"
    for gone in (
        await api.doctor.get(path),
        await api.doctor.patch(path, json={"note": "x"}),
        await api.doctor.delete(path),
        await api.doctor.get(f"{path}/items"),
        await api.doctor.post(f"{path}/items", json={"service_id": given.service_id}),
        await api.doctor.patch(item_path, json={"note": "x"}),
        await api.doctor.delete(item_path),
        await api.doctor.get(f"{item_path}/teeth"),
        await api.doctor.post(f"{item_path}/teeth", json={"tooth_ids": [11]}),
        await api.doctor.delete(f"{item_path}/teeth/36"),
        await api.doctor.patch(tooth_path, json={"note": "x"}),
    ):
        problem(gone, 404, "not_found")
    for listed in (
        "/treatments",
        f"/patients/{given.patient_id}/treatments",
        f"/patients/{given.patient_id}/treatments/by_tooth?tooth_id=36",
    ):
        assert (await api.doctor.get(listed)).json()["items"] == []
    deleted = await api.audited(action="delete")
    assert {entry["entity"] for entry in deleted} == {"treatment", "treatment_item", "treatment_item_tooth"}
    assert {entry["patient_id"] for entry in deleted} == {given.patient_id}


async def test_who_may_not_write_treatments_is_refused(api: Api) -> None:
    made = await rows.treatment(api, await rows.practice(api))
    path = f"/treatments/{made['treatment_id']}"

    for client in (api.manager, api.receptionist, api.patient):
        problem(await client.patch(path, json={}), 403, "forbidden")
        problem(await client.delete(path), 403, "forbidden")
    assert await rows.get(api, made["treatment_id"]) == made
