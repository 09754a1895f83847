"""GET and POST /treatments/{treatment_id}/items, PATCH and DELETE /treatment_items/{treatment_item_id}."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests import make
from tests.api import Api, bad_fields, problem
from tests.treatments import rows


async def test_an_item_is_added_with_its_teeth_and_counts_in_the_treatment(api: Api) -> None:
    given = await rows.practice(api)
    made = await rows.treatment(api, given, {})
    path = f"/treatments/{made['treatment_id']}"
    etag = (await api.doctor.get(path)).headers["etag"]
    body = {"service_id": given.service_id, "quantity": 2, "teeth": [{"tooth_id": 21, "surfaces": "MI"}]}

    answer = await api.assistant.post(f"{path}/items", json=body, headers={"If-Match": etag})

    item = answer.json()
    assert answer.status_code == 201, answer.text
    assert "location" not in answer.headers
    assert answer.headers["etag"].startswith('"1-')
    assert (item["total"], item["status"], item["version"]) == ("160.00", "planned", 1)
    assert [(tooth["code"], tooth["surfaces"]) for tooth in item["teeth"]] == [("21", "MI")]
    now = await rows.get(api, made["treatment_id"])
    assert (now["version"], now["total"]) == (2, "240.00")
    assert now["items"] == [made["items"][0], item]
    assert (await api.receptionist.get(f"{path}/items")).json() == {"items": now["items"], "next_cursor": None}


async def test_pages_of_items_are_oldest_first(api: Api) -> None:
    made = await rows.treatment(api, await rows.practice(api), {}, {}, {})
    path = f"/treatments/{made['treatment_id']}/items"

    first = (await api.doctor.get(f"{path}?limit=2")).json()
    rest = (await api.doctor.get(path, params={"limit": 2, "cursor": first["next_cursor"]})).json()

    assert first["items"] + rest["items"] == made["items"]
    assert rest["next_cursor"] is None


async def test_a_treatment_without_items_has_an_empty_list_and_none_has_no_list(api: Api) -> None:
    made = await rows.treatment(api, await rows.practice(api))

    assert (await api.doctor.get(f"/treatments/{made['treatment_id']}/items")).json()["items"] == []
    problem(await api.doctor.get("/treatments/999/items"), 404, "not_found")
    problem(await api.doctor.post("/treatments/999/items", json={"service_id": 1}), 404, "not_found")


async def test_a_bad_item_is_refused_and_changes_nothing(api: Api) -> None:
    given = await rows.practice(api)
    made = await rows.treatment(api, given)
    disabled = await make.service_id(api, is_active=False)

    async def post(**fields: Any) -> Any:
        return await api.doctor.post(f"/treatments/{made['treatment_id']}/items", json=fields)

    assert bad_fields(await post(quantity="1", teeth=[{}], total="1.00")) == {
        "service_id",
        "quantity",
        "teeth[0].tooth_id",
        "total",
    }
    teeth = [{"tooth_id": 11, "surfaces": "O"}]
    assert bad_fields(await post(service_id=given.service_id, discount="80.01", teeth=teeth)) == {
        "discount",
        "teeth[0].surfaces",
    }
    assert problem(await post(service_id=disabled), 422, "inactive")["errors"][0]["field"] == "service_id"
    assert problem(await post(service_id=999), 422, "unknown_reference")["errors"][0]["field"] == "service_id"
    unknown = problem(await post(service_id=given.service_id, teeth=[{"tooth_id": 99}]), 422, "unknown_reference")
    assert unknown["errors"][0]["field"] == "teeth[0].tooth_id"
    assert await rows.get(api, made["treatment_id"]) == made


async def patched(api: Api, item: dict[str, Any], **changes: Any) -> dict[str, Any]:
    answer = await api.doctor.patch(f"/treatment_items/{item['treatment_item_id']}", json=changes)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_absent_stays_and_the_treatment_counts_it(api: Api) -> None:
    made = await rows.treatment(api, await rows.practice(api), {"note": "x", "teeth": [{"tooth_id": 11}]})
    item = made["items"][0]

    changed = await patched(api, item, quantity=2, discount="10", unit_price="50.00", note=None)

    wanted = {"quantity": 2, "discount": "10.00", "unit_price": "50.00", "note": None, "total": "90.00", "version": 2}
    assert changed == {**item, **wanted}
    now = await rows.get(api, made["treatment_id"])
    assert (now["version"], now["total"], now["items"]) == (2, "90.00", [changed])


async def test_the_same_again_changes_nothing(api: Api) -> None:
    given = await rows.practice(api)
    made = await rows.treatment(api, given, {"status": "done"})
    item = made["items"][0]

    for changes in ({}, {"status": "done", "unit_price": "80.0", "service_id": given.service_id}):
        assert await patched(api, item, **changes) == item
    assert await rows.get(api, made["treatment_id"]) == made
    assert await api.audited(action="update", entity="treatment_item") == []


async def test_done_has_a_time_and_planned_has_none(api: Api) -> None:
    given = await rows.practice(api)
    made = await rows.treatment(api, given, {}, performed_on="2026-03-01")
    item = made["items"][0]

    assert (await patched(api, item, status="done"))["done_at"] == "2026-03-01T12:00:00Z"
    assert (await patched(api, item, done_at="2026-02-01T08:00:00Z"))["done_at"] == "2026-02-01T08:00:00Z"
    assert (await patched(api, item, status="done"))["done_at"] == "2026-02-01T08:00:00Z"
    assert (await patched(api, item, status="planned", done_at=None))["done_at"] is None
    assert (await patched(api, item, done_at="2026-02-01T08:00:00Z"))["status"] == "done"
    assert (await patched(api, item, status="planned"))["done_at"] is None


async def test_bad_changes_are_named_and_nothing_is_changed(api: Api) -> None:
    made = await rows.treatment(api, await rows.practice(api), {"quantity": 2})
    path = f"/treatment_items/{made['items'][0]['treatment_item_id']}"
    future = (datetime.now(UTC) + timedelta(hours=1)).isoformat()

    for body, fields in (
        ({"quantity": None, "unit_price": "-1", "treatment_id": 1, "teeth": [], "done_at": future}, None),
        ({"status": "planned", "done_at": "2026-02-01T08:00:00Z"}, {"done_at"}),
        ({"done_at": None}, {"done_at"}),
        ({"status": "done", "done_at": None}, {"done_at"}),
        ({"discount": "160.01"}, {"discount"}),
        ({"quantity": 1, "discount": "80.01"}, {"discount"}),
    ):
        assert bad_fields(await api.doctor.patch(path, json=body)) == (fields or set(body))
    assert await rows.get(api, made["treatment_id"]) == made


async def test_another_service_brings_its_name_and_price(api: Api) -> None:
    made = await rows.treatment(api, await rows.practice(api), {}, {})
    crown = await make.service_id(api, price=Decimal("450.00"), name="Crown", resulting_condition="crown")
    disabled = await make.service_id(api, is_active=False)
    first, second = made["items"]

    changed = await patched(api, first, service_id=crown)
    kept = await patched(api, second, service_id=crown, unit_price="400.00")

    assert (changed["service_id"], changed["service_name"], changed["unit_price"]) == (crown, "Crown", "450.00")
    assert kept["unit_price"] == "400.00"
    path = f"/treatment_items/{first['treatment_item_id']}"
    problem(await api.doctor.patch(path, json={"service_id": disabled}), 422, "inactive")
    unknown = problem(await api.doctor.patch(path, json={"service_id": 999}), 422, "unknown_reference")
    assert unknown["errors"][0]["field"] == "service_id"


async def test_an_item_whose_service_was_disabled_can_still_be_changed(api: Api) -> None:
    given = await rows.practice(api)
    made = await rows.treatment(api, given, {})
    await api.owner.execute("update service_catalog set is_active = false")

    assert (await patched(api, made["items"][0], quantity=3, service_id=given.service_id))["quantity"] == 3


async def test_if_match_lets_only_the_version_named_through(api: Api) -> None:
    made = await rows.treatment(api, await rows.practice(api), {})
    item = made["items"][0]
    path = f"/treatment_items/{item['treatment_item_id']}"
    etag = (await api.doctor.patch(path, json={})).headers["etag"]
    await api.doctor.patch(path, json={"note": "1"}, headers={"If-Match": etag})

    problem(await api.doctor.patch(path, json={"note": "2"}, headers={"If-Match": etag}), 412, "version_mismatch")
    problem(await api.doctor.delete(path, headers={"If-Match": etag}), 412, "version_mismatch")
    problem(
        await api.doctor.post(f"{path}/teeth", json={"tooth_ids": [11]}, headers={"If-Match": etag}),
        412,
        "version_mismatch",
    )
    now = await rows.get(api, made["treatment_id"])
    assert (now["version"], now["items"][0]["note"], now["items"][0]["version"]) == (2, "1", 2)


async def test_a_deleted_item_is_gone_and_no_longer_paid_for(api: Api) -> None:
    made = await rows.treatment(api, await rows.practice(api), {"teeth": [{"tooth_id": 11}]}, {"quantity": 2})
    path = f"/treatment_items/{made['items'][0]['treatment_item_id']}"

    assert (await api.assistant.delete(path)).status_code == 204

    now = await rows.get(api, made["treatment_id"])
    assert (now["total"], now["version"], now["items"]) == ("160.00", 2, made["items"][1:])
    problem(await api.doctor.delete(path), 404, "not_found")
    problem(await api.doctor.patch(path, json={}), 404, "not_found")
    problem(await api.doctor.get(f"{path}/teeth"), 404, "not_found")
    assert {entry["entity"] for entry in await api.audited(action="delete")} == {
        "treatment_item",
        "treatment_item_tooth",
    }


async def test_who_may_not_write_treatments_is_refused(api: Api) -> None:
    given = await rows.practice(api)
    made = await rows.treatment(api, given, {})
    path = f"/treatment_items/{made['items'][0]['treatment_item_id']}"

    for client in (api.manager, api.receptionist, api.patient):
        problem(await client.patch(path, json={}), 403, "forbidden")
        problem(await client.delete(path), 403, "forbidden")
        problem(
            await client.post(f"/treatments/{made['treatment_id']}/items", json={"service_id": given.service_id}),
            403,
            "forbidden",
        )


async def test_items_added_at_once_are_all_counted_and_none_outlives_its_treatment(api: Api) -> None:
    given = await rows.practice(api)
    made = await rows.treatment(api, given)
    path = f"/treatments/{made['treatment_id']}"

    await asyncio.gather(*(api.doctor.post(f"{path}/items", json={"service_id": given.service_id}) for _ in range(8)))
    now = await rows.get(api, made["treatment_id"])
    assert (now["version"], now["total"], len(now["items"])) == (9, "640.00", 8)

    item_path = f"/treatment_items/{now['items'][0]['treatment_item_id']}"
    answers = await asyncio.gather(
        *(api.doctor.post(f"{path}/items", json={"service_id": given.service_id}) for _ in range(4)),
        api.doctor.post(f"{item_path}/teeth", json={"tooth_ids": [11]}),
        api.doctor.patch(item_path, json={"quantity": 9}),
        api.doctor.delete(item_path),
        api.doctor.delete(path),
    )
    assert {answer.status_code for answer in answers} <= {200, 201, 204, 404}
    assert answers[-1].status_code == 204
    for table in ("treatment_item", "treatment_item_tooth"):
        assert await api.owner.fetchval(f"select count(*) from {table} where deleted_at is null") == 0
