"""The teeth's definitions, checked against ISO 3950 as a table of facts."""

import asyncio
from typing import Any

from tests.api import Api, bad_fields, problem

# quadrants as a dentist writes them, from the back to the midline and on, patient's right first:
# FDI, universal, Palmer
FACTS = """
18 1 UR8  17 2 UR7  16 3 UR6  15 4 UR5  14 5 UR4  13 6 UR3  12 7 UR2  11 8 UR1
21 9 UL1  22 10 UL2  23 11 UL3  24 12 UL4  25 13 UL5  26 14 UL6  27 15 UL7  28 16 UL8
48 32 LR8  47 31 LR7  46 30 LR6  45 29 LR5  44 28 LR4  43 27 LR3  42 26 LR2  41 25 LR1
31 24 LL1  32 23 LL2  33 22 LL3  34 21 LL4  35 20 LL5  36 19 LL6  37 18 LL7  38 17 LL8
55 A URE  54 B URD  53 C URC  52 D URB  51 E URA  61 F ULA  62 G ULB  63 H ULC  64 I ULD  65 J ULE
85 T LRE  84 S LRD  83 R LRC  82 Q LRB  81 P LRA  71 O LLA  72 N LLB  73 M LLC  74 L LLD  75 K LLE
"""
CODES = [tuple(codes.split()) for line in FACTS.strip().splitlines() for codes in line.split("  ")]
EXTRA = {"name": "Mesiodens", "dentition": "permanent", "arch": "upper", "side": "right", "position": 1}


async def definitions(api: Api, query: str = "") -> list[dict[str, Any]]:
    answer = await api.receptionist.get(f"/teeth/definitions?limit=200{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_all_52_teeth_have_their_codes_in_three_notations(api: Api) -> None:
    found = await definitions(api)

    assert len(CODES) == 52
    assert {(tooth["fdi"], tooth["universal"], tooth["palmer"]) for tooth in found} == set(CODES)
    assert [tooth["tooth_id"] for tooth in found] == sorted(int(fdi) for fdi, _, _ in CODES)
    assert all(str(tooth["tooth_id"]) == tooth["fdi"] for tooth in found)


async def test_every_tooth_stands_where_it_grows_and_has_its_surfaces(api: Api) -> None:
    for tooth in await definitions(api):
        quadrant, position = divmod(tooth["tooth_id"], 10)
        assert tooth["dentition"] == ("permanent" if quadrant <= 4 else "primary")
        assert tooth["arch"] == ("upper" if quadrant in (1, 2, 5, 6) else "lower")
        assert tooth["side"] == ("right" if quadrant in (1, 4, 5, 8) else "left")
        assert tooth["position"] == position
        assert tooth["surfaces"] == ("MDBLI" if position <= 3 else "MODBL")
        assert tooth["is_active"] is True
    names = {tooth["tooth_id"]: tooth["name"] for tooth in await definitions(api)}
    assert names[36] == "Lower left first molar"
    assert names[13] == "Upper right canine"
    assert names[45] == "Lower right second premolar"
    assert names[54] == "Upper right primary first molar"
    assert names[71] == "Lower left primary central incisor"


async def test_a_code_is_added_in_the_notation_asked_for_in_any_case(api: Api) -> None:
    for system, column in (("FDI", 0), ("fdi", 0), ("universal", 1), ("UNIVERSAL", 1), ("Palmer", 2)):
        found = await definitions(api, f"&system={system}")
        assert {tooth["code"] for tooth in found} == {codes[column] for codes in CODES}
    assert {tooth["code"] for tooth in await definitions(api)} == {codes[0] for codes in CODES}
    assert bad_fields(await api.doctor.get("/teeth/definitions?system=zsigmondy&dentition=milk")) == {
        "system",
        "dentition",
    }


async def test_the_clinics_notation_is_the_default(api: Api) -> None:
    await api.owner.execute("update clinic_settings set tooth_system = 'universal'")

    assert {tooth["code"] for tooth in await definitions(api)} == {codes[1] for codes in CODES}


async def test_filters_and_pages(api: Api) -> None:
    assert [tooth["tooth_id"] for tooth in await definitions(api, "&dentition=primary")] == [
        10 * quadrant + position for quadrant in (5, 6, 7, 8) for position in range(1, 6)
    ]
    first = (await api.doctor.get("/teeth/definitions")).json()
    rest = (await api.doctor.get("/teeth/definitions", params={"cursor": first["next_cursor"]})).json()
    assert (len(first["items"]), len(rest["items"])) == (50, 2)


async def test_one_tooth(api: Api) -> None:
    answer = await api.patient.get("/teeth/definitions/75")

    assert answer.json() == {
        "tooth_id": 75,
        "fdi": "75",
        "universal": "K",
        "palmer": "LLE",
        "name": "Lower left primary second molar",
        "dentition": "primary",
        "arch": "lower",
        "side": "left",
        "position": 5,
        "surfaces": "MODBL",
        "is_active": True,
        "version": 1,
    }
    problem(await api.doctor.get("/teeth/definitions/99"), 404, "not_found")


async def test_an_extra_tooth_takes_a_free_id(api: Api) -> None:
    chosen = await api.admin.post(
        "/teeth/definitions", json={**EXTRA, "tooth_id": 91, "universal": "58", "surfaces": "MDBLI"}
    )
    given = await api.admin.post("/teeth/definitions", json=EXTRA)
    taken = await api.admin.post("/teeth/definitions", json={**EXTRA, "tooth_id": 36})

    assert chosen.status_code == 201
    assert chosen.headers["location"] == "/api/v1/teeth/definitions/91"
    assert chosen.json() == {
        **EXTRA,
        "tooth_id": 91,
        "fdi": None,
        "universal": "58",
        "palmer": None,
        "surfaces": "MDBLI",
        "is_active": True,
        "version": 1,
    }
    assert (given.json()["tooth_id"], given.json()["surfaces"]) == (100, "MODBL")
    assert problem(taken, 409, "duplicate")["errors"][0]["field"] == "tooth_id"
    for field, code in (("universal", "k"), ("palmer", "ll6")):
        answer = await api.admin.post("/teeth/definitions", json={**EXTRA, field: code})
        assert problem(answer, 409, "duplicate")["errors"][0]["field"] == field
    shown = {tooth["tooth_id"]: tooth["code"] for tooth in await definitions(api, "&system=universal")}
    assert (shown[91], shown[100]) == ("58", "100")


async def test_extra_teeth_added_at_once_take_different_ids(api: Api) -> None:
    answers = await asyncio.gather(*(api.admin.post("/teeth/definitions", json=EXTRA) for _ in range(6)))

    assert sorted(answer.json()["tooth_id"] for answer in answers) == list(range(100, 106))


async def test_when_every_id_is_taken_there_is_none(api: Api) -> None:
    await api.owner.execute(
        """
        insert into tooth_definition (tooth_id, name, dentition, arch, side, position, surfaces)
        select id, 'x', 'permanent', 'upper', 'left', 1, 'M' from generate_series(100, 999) as id
        """
    )

    problem(await api.admin.post("/teeth/definitions", json=EXTRA), 409, "duplicate")


async def test_bad_fields_of_a_tooth_are_named(api: Api) -> None:
    answer = await api.admin.post(
        "/teeth/definitions",
        json={
            "tooth_id": 1000,
            "fdi": "19",
            "dentition": "milk",
            "arch": "middle",
            "side": "front",
            "position": 0,
            "surfaces": "OM",
        },
    )

    assert bad_fields(answer) == {
        "name",
        "tooth_id",
        "fdi",
        "dentition",
        "arch",
        "side",
        "position",
        "surfaces",
    }


async def test_of_an_iso_tooth_only_name_and_use_can_be_changed(api: Api) -> None:
    path = "/teeth/definitions/18"
    before = (await api.admin.get(path)).json()

    answer = await api.admin.patch(path, json={"name": "Wisdom tooth", "is_active": False, "position": 8})

    assert answer.json() == {**before, "name": "Wisdom tooth", "is_active": False, "version": 2}
    for body in ({"position": 7}, {"universal": None}, {"surfaces": "M"}, {"arch": "lower", "name": "x"}):
        problem(await api.admin.patch(path, json=body), 422, "refused")
    assert bad_fields(await api.admin.patch(path, json={"tooth_id": 19, "fdi": "19", "name": None})) == {
        "tooth_id",
        "fdi",
        "name",
    }
    assert (await api.admin.get(path)).json() == answer.json()


async def test_an_extra_tooth_can_be_changed(api: Api) -> None:
    made = (await api.admin.post("/teeth/definitions", json={**EXTRA, "universal": "58"})).json()
    path = f"/teeth/definitions/{made['tooth_id']}"
    etag = (await api.admin.get(path)).headers["etag"]

    answer = await api.admin.patch(path, json={"universal": None, "side": "left"}, headers={"If-Match": etag})

    assert answer.json() == {**made, "universal": None, "side": "left", "version": 2}
    problem(await api.admin.patch(path, json={"side": "right"}, headers={"If-Match": etag}), 412, "version_mismatch")
    problem(await api.admin.patch(path, json={"universal": "19"}), 409, "duplicate")
    same = await api.admin.patch(path, json={"side": "left"})
    assert same.json()["version"] == 2
    assert [entry["entity_id"] for entry in await api.audited(entity="tooth_definition", action="update")] == [100]


async def test_only_an_admin_writes_teeth(api: Api) -> None:
    for client in (api.manager, api.doctor, api.assistant, api.receptionist, api.patient):
        problem(await client.post("/teeth/definitions", json=EXTRA), 403, "forbidden")
        problem(await client.patch("/teeth/definitions/11", json={"name": "x"}), 403, "forbidden")
    problem(await api.anonymous.get("/teeth/definitions"), 401, "unauthenticated")
