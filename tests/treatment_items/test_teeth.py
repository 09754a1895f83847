"""GET, POST and DELETE of the teeth of an item, PATCH /treatment_item_teeth/{treatment_item_tooth_id}."""

import asyncio
from typing import Any

from tests.api import Api, bad_fields, problem
from tests.treatments import rows


async def item_of(api: Api, *teeth: dict[str, Any]) -> dict[str, Any]:
    """An item on these teeth, with the path of its teeth."""
    made = await rows.treatment(api, await rows.practice(api), {"teeth": list(teeth)})
    item: dict[str, Any] = made["items"][0]
    return item


def path_of(item: dict[str, Any]) -> str:
    return f"/treatment_items/{item['treatment_item_id']}/teeth"


async def test_teeth_are_added_and_all_of_the_item_are_shown(api: Api) -> None:
    item = await item_of(api, {"tooth_id": 36, "surfaces": "MO"})

    by_ids = await api.assistant.post(path_of(item), json={"tooth_ids": [38, 11]})
    told = await api.assistant.post(
        path_of(item), json={"teeth": [{"tooth_id": 21, "surfaces": "MDI", "condition": "caries", "note": "x"}]}
    )

    assert (by_ids.status_code, told.status_code) == (201, 201)
    assert [tooth["tooth_id"] for tooth in by_ids.json()["items"]] == [11, 36, 38]
    teeth = told.json()["items"]
    assert [tooth["tooth_id"] for tooth in teeth] == [11, 21, 36, 38]
    assert teeth[1] == {
        "treatment_item_tooth_id": teeth[1]["treatment_item_tooth_id"],
        "tooth_id": 21,
        "code": "21",
        "surfaces": "MDI",
        "condition": "caries",
        "note": "x",
        "version": 1,
    }
    assert (await api.receptionist.get(path_of(item))).json() == {"items": teeth, "next_cursor": None}
    now = await rows.get(api, item["treatment_id"])
    assert (now["version"], now["items"][0]["version"], now["items"][0]["teeth"]) == (3, 3, teeth)


async def test_one_already_there_refuses_all(api: Api) -> None:
    item = await item_of(api, {"tooth_id": 36})
    before = await rows.get(api, item["treatment_id"])

    for body in ({"tooth_ids": [11, 36]}, {"teeth": [{"tooth_id": 36}, {"tooth_id": 12}]}):
        problem(await api.doctor.post(path_of(item), json=body), 409, "duplicate")
    assert await rows.get(api, item["treatment_id"]) == before


async def test_the_same_teeth_at_once_are_added_once(api: Api) -> None:
    item = await item_of(api)

    answers = await asyncio.gather(
        *(api.doctor.post(path_of(item), json={"tooth_ids": ids}) for ids in ([11, 12], [12, 11], [12], [11]))
    )

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert [tooth["tooth_id"] for tooth in (await api.doctor.get(path_of(item))).json()["items"]] == [11, 12]


async def test_bad_teeth_are_named_and_nothing_is_added(api: Api) -> None:
    item = await item_of(api)
    await api.owner.execute("update tooth_definition set is_active = false where tooth_id = 18")

    async def post(body: Any) -> Any:
        return await api.doctor.post(path_of(item), json=body)

    for body, fields in (
        ({}, {"tooth_ids"}),
        ({"tooth_ids": [11], "teeth": [{"tooth_id": 12}]}, {"tooth_ids"}),
        ({"tooth_ids": []}, {"tooth_ids"}),
        ({"teeth": []}, {"teeth"}),
        ({"tooth_ids": [11, 12, 11]}, {"tooth_ids[2]"}),
        ({"teeth": [{"tooth_id": 11}, {"tooth_id": 11}]}, {"teeth[1].tooth_id"}),
        ({"tooth_ids": list(range(1, 62))}, {"tooth_ids"}),
        ({"teeth": [{"tooth_id": 11, "surfaces": "BD"}, {"tooth_id": 12, "surfaces": "m"}, {}]}, None),
        ({"teeth": [{"tooth_id": 36, "surfaces": "MI"}, {"tooth_id": 37, "surfaces": "MODBL"}]}, {"teeth[0].surfaces"}),
    ):
        expected = fields or {"teeth[0].surfaces", "teeth[1].surfaces", "teeth[2].tooth_id"}
        assert bad_fields(await post(body)) == expected
    for code, tooth_id in (("unknown_reference", 99), ("inactive", 18)):
        by_id = problem(await post({"tooth_ids": [11, tooth_id]}), 422, code)
        assert by_id["errors"][0]["field"] == "tooth_ids[1]"
        told = problem(await post({"teeth": [{"tooth_id": tooth_id}]}), 422, code)
        assert told["errors"][0]["field"] == "teeth[0].tooth_id"
    assert (await api.doctor.get(path_of(item))).json()["items"] == []


async def test_what_names_nothing_is_404(api: Api) -> None:
    item = await item_of(api, {"tooth_id": 11})

    problem(await api.doctor.post("/treatment_items/999/teeth", json={"tooth_ids": [11]}), 404, "not_found")
    problem(await api.doctor.get("/treatment_items/999/teeth"), 404, "not_found")
    problem(await api.doctor.delete(f"{path_of(item)}/12"), 404, "not_found")
    problem(await api.doctor.patch("/treatment_item_teeth/999", json={"note": "x"}), 404, "not_found")


async def test_a_tooth_is_changed_and_counts_in_item_and_treatment(api: Api) -> None:
    item = await item_of(api, {"tooth_id": 36, "surfaces": "MO", "note": "x"})
    tooth = item["teeth"][0]
    path = f"/treatment_item_teeth/{tooth['treatment_item_tooth_id']}"

    answer = await api.assistant.patch(path, json={"surfaces": "MOD", "condition": "inlay", "note": None})

    changed = {**tooth, "surfaces": "MOD", "condition": "inlay", "note": None, "version": 2}
    assert (answer.status_code, answer.json()) == (200, changed)
    now = await rows.get(api, item["treatment_id"])
    assert (now["version"], now["items"][0]["version"], now["items"][0]["teeth"]) == (2, 2, [changed])
    same = await api.assistant.patch(path, json={"surfaces": "MOD"})
    assert same.json() == changed
    assert await rows.get(api, item["treatment_id"]) == now


async def test_the_wrong_tooth_can_be_put_right(api: Api) -> None:
    item = await item_of(api, {"tooth_id": 36, "surfaces": "MO"}, {"tooth_id": 38})
    path = f"/treatment_item_teeth/{item['teeth'][0]['treatment_item_tooth_id']}"

    answer = await api.doctor.patch(path, json={"tooth_id": 46})

    assert (answer.json()["tooth_id"], answer.json()["code"], answer.json()["surfaces"]) == (46, "46", "MO")
    problem(await api.doctor.patch(path, json={"tooth_id": 38}), 409, "duplicate")
    problem(await api.doctor.patch(path, json={"tooth_id": 99}), 422, "unknown_reference")
    assert bad_fields(await api.doctor.patch(path, json={"tooth_id": 11})) == {"surfaces"}
    assert bad_fields(await api.doctor.patch(path, json={"surfaces": "I"})) == {"surfaces"}
    assert bad_fields(await api.doctor.patch(path, json={"tooth_id": None, "condition": "x", "code": "1"})) == {
        "tooth_id",
        "condition",
        "code",
    }


async def test_a_tooth_no_longer_in_use_stays_and_can_be_changed(api: Api) -> None:
    item = await item_of(api, {"tooth_id": 36, "surfaces": "MO"})
    await api.owner.execute("update tooth_definition set is_active = false where tooth_id in (36, 37)")
    path = f"/treatment_item_teeth/{item['teeth'][0]['treatment_item_tooth_id']}"

    assert (await api.doctor.patch(path, json={"tooth_id": 36, "surfaces": "D"})).json()["surfaces"] == "D"
    problem(await api.doctor.patch(path, json={"tooth_id": 37}), 422, "inactive")


async def test_a_tooth_is_taken_off_and_may_come_back(api: Api) -> None:
    item = await item_of(api, {"tooth_id": 36}, {"tooth_id": 37})

    assert (await api.doctor.delete(f"{path_of(item)}/36")).status_code == 204

    problem(await api.doctor.delete(f"{path_of(item)}/36"), 404, "not_found")
    tooth_path = f"/treatment_item_teeth/{item['teeth'][0]['treatment_item_tooth_id']}"
    problem(await api.doctor.patch(tooth_path, json={"note": "x"}), 404, "not_found")
    now = await rows.get(api, item["treatment_id"])
    assert (now["version"], now["items"][0]["version"], now["items"][0]["teeth"]) == (2, 2, item["teeth"][1:])
    assert [entry["entity"] for entry in await api.audited(action="delete")] == ["treatment_item_tooth"]
    assert (await api.doctor.post(path_of(item), json={"tooth_ids": [36]})).status_code == 201


async def test_if_match_is_of_the_tooth(api: Api) -> None:
    item = await item_of(api, {"tooth_id": 36})
    path = f"/treatment_item_teeth/{item['teeth'][0]['treatment_item_tooth_id']}"
    etag = (await api.doctor.patch(path, json={})).headers["etag"]
    await api.doctor.patch(path, json={"note": "1"}, headers={"If-Match": etag})

    problem(await api.doctor.patch(path, json={"note": "2"}, headers={"If-Match": etag}), 412, "version_mismatch")
    problem(await api.doctor.delete(f"{path_of(item)}/36", headers={"If-Match": etag}), 412, "version_mismatch")
    assert (await api.doctor.get(path_of(item))).json()["items"][0]["note"] == "1"


async def test_who_may_not_write_treatments_is_refused(api: Api) -> None:
    item = await item_of(api, {"tooth_id": 36})
    tooth_path = f"/treatment_item_teeth/{item['teeth'][0]['treatment_item_tooth_id']}"

    for client in (api.manager, api.receptionist, api.patient):
        problem(await client.post(path_of(item), json={"tooth_ids": [11]}), 403, "forbidden")
        problem(await client.delete(f"{path_of(item)}/36"), 403, "forbidden")
        problem(await client.patch(tooth_path, json={}), 403, "forbidden")


async def test_codes_are_in_the_clinics_notation(api: Api) -> None:
    item = await item_of(api, {"tooth_id": 36}, {"tooth_id": 75})
    await api.owner.execute("update clinic_settings set tooth_system = 'palmer'")

    assert [tooth["code"] for tooth in (await api.doctor.get(path_of(item))).json()["items"]] == ["LL6", "LLE"]
    now = await rows.get(api, item["treatment_id"])
    assert [tooth["code"] for tooth in now["items"][0]["teeth"]] == ["LL6", "LLE"]
