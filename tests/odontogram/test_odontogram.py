"""GET /patients/{patient_id}/odontogram and …/odontogram/history."""

import random
from datetime import date, timedelta
from typing import Any, get_args

from dcms.teeth.structs import Condition
from tests import make
from tests.api import Api, bad_fields, problem
from tests.treatments import rows

PERMANENT = [10 * quadrant + position for quadrant in (1, 2, 3, 4) for position in range(1, 9)]
PRIMARY = [10 * quadrant + position for quadrant in (5, 6, 7, 8) for position in range(1, 6)]


async def chart(api: Api, patient_id: int, **query: str) -> dict[str, Any]:
    answer = await api.receptionist.get(f"/patients/{patient_id}/odontogram", params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def tooth(api: Api, patient_id: int, tooth_id: int, **query: str) -> dict[str, Any]:
    return next(each for each in (await chart(api, patient_id, **query))["teeth"] if each["tooth_id"] == tooth_id)


def done(day: str, tooth_id: int, condition: str | None = None, surfaces: str | None = None) -> dict[str, Any]:
    """An item done at eight o'clock."""
    teeth = [{"tooth_id": tooth_id, "condition": condition, "surfaces": surfaces}]
    return {"done_at": f"{day}T08:00:00Z", "teeth": teeth}


async def test_a_patient_without_a_record_has_32_permanent_teeth_and_no_finding(api: Api) -> None:
    patient_id = (await make.patient(api, birth_date="1980-01-01"))["patient_id"]

    found = await chart(api, patient_id, as_of="2026-11-22")

    assert {name: value for name, value in found.items() if name != "teeth"} == {
        "patient_id": patient_id,
        "system": "FDI",
        "as_of": "2026-11-22",
        "has_chart": False,
    }
    assert [each["tooth_id"] for each in found["teeth"]] == PERMANENT
    assert found["teeth"][0] == {
        "tooth_id": 11,
        "code": "11",
        "name": "Upper right central incisor",
        "condition": None,
        "surfaces": {},
        "since": None,
        "planned": [],
        "present": True,
    }


async def test_what_is_done_shows_and_what_is_planned_stands_beside_it(api: Api) -> None:
    given = await rows.practice(api)
    crown = await make.service_id(api, name="Crown", resulting_condition="crown")
    cleaning = await make.service_id(api, name="Cleaning")
    made = await rows.treatment(
        api,
        given,
        done("2026-03-01", 36, surfaces="OB"),
        done("2026-04-01", 36, "caries", "D"),
        {"service_id": crown, "teeth": [{"tooth_id": 36}, {"tooth_id": 11, "condition": "veneer", "surfaces": "BI"}]},
        {"service_id": crown, **done("2026-04-02", 16)},
        {"service_id": cleaning, **done("2026-04-03", 21)},
    )

    found = await chart(api, given.patient_id)

    assert found["has_chart"] is True
    teeth = {each["tooth_id"]: each for each in found["teeth"]}
    planned_id = made["items"][2]["treatment_item_id"]
    plan = {"treatment_item_id": planned_id, "service_name": "Crown", "condition": "crown", "surfaces": None}
    assert teeth[36] == {
        "tooth_id": 36,
        "code": "36",
        "name": "Lower left first molar",
        "condition": None,
        "surfaces": {"O": "filled", "D": "caries", "B": "filled"},
        "since": "2026-04-01T08:00:00Z",
        "planned": [plan],
        "present": True,
    }
    assert teeth[11]["planned"] == [{**plan, "condition": "veneer", "surfaces": "BI"}]
    assert (teeth[16]["condition"], teeth[16]["surfaces"], teeth[16]["since"]) == ("crown", {}, "2026-04-02T08:00:00Z")
    assert (teeth[21]["condition"], teeth[21]["since"]) == (None, None)


async def test_the_newest_wins_whatever_was_entered_first(api: Api) -> None:
    given = await rows.practice(api)
    await rows.treatment(
        api,
        given,
        done("2026-05-01", 36, "extracted"),
        done("2026-06-01", 36, "implant"),
        done("2026-03-01", 36, "filled", "MO"),
        done("2026-07-01", 11, "crown"),
        done("2026-07-01", 11, "root_canal"),
    )

    lost = await tooth(api, given.patient_id, 36)
    assert (lost["condition"], lost["surfaces"], lost["present"]) == ("implant", {}, False)
    assert (await tooth(api, given.patient_id, 11))["condition"] == "root_canal"


async def test_as_of_is_the_end_of_that_local_day(api: Api) -> None:
    given = await rows.practice(api)
    await make.settings(api, timezone="Europe/Berlin")
    late = {"done_at": "2026-03-01T23:30:00+01:00", "teeth": [{"tooth_id": 36, "condition": "crown"}]}
    early = {"done_at": "2026-03-02T00:00:00+01:00", "teeth": [{"tooth_id": 36, "condition": "extracted"}]}
    await rows.treatment(api, given, late, early)

    conditions = {
        day: (await tooth(api, given.patient_id, 36, as_of=day))["condition"]
        for day in ("2026-02-28", "2026-03-01", "2026-03-02")
    }

    assert conditions == {"2026-02-28": None, "2026-03-01": "crown", "2026-03-02": "extracted"}
    assert (await chart(api, given.patient_id, as_of="2026-02-28"))["has_chart"] is False
    assert (await tooth(api, given.patient_id, 36, as_of="2026-03-01"))["since"] == "2026-03-01T23:30:00+01:00"


async def test_what_was_planned_then_is_planned_as_of_then(api: Api) -> None:
    given = await rows.practice(api)
    await rows.treatment(api, given, {"status": "planned", "teeth": [{"tooth_id": 36}]}, performed_on="2026-03-05")
    await api.owner.execute("update treatment_item set status = 'done', done_at = '2026-03-05T10:00Z'")
    await api.owner.execute("update treatment_item_tooth set created_at = '2026-03-01T10:00Z'")

    before, planned, after = [
        await tooth(api, given.patient_id, 36, as_of=day) for day in ("2026-02-28", "2026-03-04", "2026-03-05")
    ]

    assert (before["condition"], before["planned"]) == (None, [])
    assert (planned["condition"], [work["service_name"] for work in planned["planned"]]) == (None, ["Filling"])
    assert (after["condition"], after["planned"]) == ("filled", [])


async def test_primary_teeth_are_a_childs_or_have_a_record(api: Api) -> None:
    child = (await make.patient(api, birth_date="2016-05-17"))["patient_id"]
    given = await rows.practice(api, birth_date="1980-01-01")
    await rows.treatment(api, given, done("2026-03-01", 75, "caries", "O"), {"teeth": [{"tooth_id": 55}]})

    async def shown(patient_id: int, **query: str) -> list[int]:
        return [each["tooth_id"] for each in (await chart(api, patient_id, **query))["teeth"]]

    assert await shown(child) == PERMANENT + PRIMARY
    assert await shown(child, as_of="2029-05-16") == PERMANENT + PRIMARY
    assert await shown(child, as_of="2029-05-17") == PERMANENT
    assert await shown(given.patient_id) == [*PERMANENT, 55, 75]


async def test_an_extra_tooth_shows_with_a_record_only(api: Api) -> None:
    given = await rows.practice(api, birth_date="2020-01-01")
    body = {"name": "Mesiodens", "dentition": "primary", "arch": "upper", "side": "left", "position": 1, "tooth_id": 91}
    await api.admin.post("/teeth/definitions", json=body)

    assert len((await chart(api, given.patient_id))["teeth"]) == 52
    await rows.treatment(api, given, done("2026-03-01", 91, "impacted"))
    extra = await tooth(api, given.patient_id, 91)
    assert (extra["code"], extra["condition"]) == ("91", "impacted")


async def test_codes_are_in_the_notation_asked_for(api: Api) -> None:
    patient_id = (await make.patient(api, birth_date="2020-01-01"))["patient_id"]

    for query, system, codes in (
        ({}, "FDI", ("36", "75")),
        ({"system": "Universal"}, "universal", ("19", "K")),
        ({"system": "PALMER"}, "palmer", ("LL6", "LLE")),
    ):
        found = await chart(api, patient_id, **query)
        shown = {each["tooth_id"]: each["code"] for each in found["teeth"]}
        assert (found["system"], (shown[36], shown[75])) == (system, codes)
    await make.settings(api, tooth_system="universal")
    assert (await chart(api, patient_id))["system"] == "universal"
    answer = await api.doctor.get(f"/patients/{patient_id}/odontogram?system=x&as_of=today&tooth=1")
    assert bad_fields(answer) == {"system", "as_of", "tooth"}


async def test_what_is_deleted_leaves_the_chart_and_the_history(api: Api) -> None:
    given = await rows.practice(api)
    made = await rows.treatment(
        api,
        given,
        done("2026-03-01", 36, "crown"),
        done("2026-03-02", 36, "extracted"),
        done("2026-03-03", 36, "implant"),
    )
    first, second, third = (item["treatment_item_id"] for item in made["items"])
    path = f"/patients/{given.patient_id}/odontogram/history?tooth_id=36"

    async def history() -> list[str]:
        return [entry["condition"] for entry in (await api.doctor.get(path)).json()["items"]]

    assert await history() == ["crown", "extracted", "implant"]
    await api.doctor.delete(f"/treatment_items/{third}")
    assert (await tooth(api, given.patient_id, 36))["condition"] == "extracted"
    await api.doctor.patch(f"/treatment_items/{second}", json={"status": "planned"})
    assert (await tooth(api, given.patient_id, 36))["condition"] == "crown"
    assert await history() == ["crown"]
    await api.doctor.delete(f"/treatment_items/{first}/teeth/36")
    assert (await tooth(api, given.patient_id, 36))["condition"] is None
    await api.doctor.delete(f"/treatments/{made['treatment_id']}")
    assert (await chart(api, given.patient_id))["has_chart"] is False
    assert await history() == []


async def test_the_history_of_a_tooth_is_oldest_first(api: Api) -> None:
    given = await rows.practice(api)
    cleaning = await make.service_id(api, name="Cleaning")
    made = await rows.treatment(
        api,
        given,
        done("2026-05-01", 36, "crown"),
        done("2026-03-01", 36, surfaces="MO"),
        {"service_id": cleaning, **done("2026-04-01", 36)},
        done("2026-04-01", 37, "caries"),
        {"teeth": [{"tooth_id": 36}]},
    )
    path = f"/patients/{given.patient_id}/odontogram/history"

    first = (await api.doctor.get(path, params={"tooth_id": 36, "limit": 1})).json()
    rest = (await api.doctor.get(path, params={"tooth_id": 36, "limit": 1, "cursor": first["next_cursor"]})).json()

    common = {"treatment_id": made["treatment_id"], "doctor_id": given.doctor_id}
    crown_id, filling_id = (item["treatment_item_id"] for item in made["items"][:2])
    filled = {"at": "2026-03-01T08:00:00Z", "condition": "filled", "surfaces": "MO", "treatment_item_id": filling_id}
    crowned = {"at": "2026-05-01T08:00:00Z", "condition": "crown", "surfaces": None, "treatment_item_id": crown_id}
    assert first["items"] == [{**common, **filled}]
    assert rest == {"items": [{**common, **crowned}], "next_cursor": None}
    assert bad_fields(await api.doctor.get(path)) == {"tooth_id"}


async def test_a_patient_who_is_not_there_has_no_chart(api: Api) -> None:
    problem(await api.doctor.get("/patients/999/odontogram"), 404, "not_found")
    problem(await api.doctor.get("/patients/999/odontogram/history?tooth_id=36"), 404, "not_found")


async def test_a_patients_login_sees_his_own_chart_only(api: Api) -> None:
    given = await rows.practice(api)
    other = (await make.patient(api))["patient_id"]
    client = await api.own_patient(given.patient_id)

    for path in ("odontogram", "odontogram/history?tooth_id=36"):
        assert (await client.get(f"/patients/{given.patient_id}/{path}")).status_code == 200
        problem(await client.get(f"/patients/{other}/{path}"), 403, "forbidden")
        problem(await client.get(f"/patients/999/{path}"), 403, "forbidden")
    problem(await api.anonymous.get(f"/patients/{other}/odontogram"), 401, "unauthenticated")
    assert given.patient_id in {entry["patient_id"] for entry in await api.audited(action="read")}


async def test_a_chart_rebuilt_from_its_history_is_the_one_answered_on_every_day(api: Api) -> None:
    given = await rows.practice(api)
    chance = random.Random(3950)
    days = [date(2026, 1, 1) + timedelta(days=day) for day in range(12)]
    teeth = [16, 36, 75]
    for _ in range(12):
        await rows.treatment(
            api,
            given,
            *(
                done(
                    chance.choice(days).isoformat(),
                    chance.choice(teeth),
                    chance.choice(get_args(Condition)),
                    chance.choice([None, "M", "OD", "MODBL"]),
                )
                for _ in range(3)
            ),
        )
    histories = {
        tooth_id: (await api.doctor.get(f"/patients/{given.patient_id}/odontogram/history?tooth_id={tooth_id}")).json()[
            "items"
        ]
        for tooth_id in teeth
    }

    for day in [days[0] - timedelta(days=1), *days]:
        found = {
            each["tooth_id"]: each for each in (await chart(api, given.patient_id, as_of=day.isoformat()))["teeth"]
        }
        for tooth_id in teeth:
            known = [entry for entry in histories[tooth_id] if entry["at"] < (day + timedelta(days=1)).isoformat()]
            if tooth_id in found:
                shown = {name: found[tooth_id][name] for name in ("condition", "surfaces", "since", "present")}
                assert shown == rebuilt(known), (day, tooth_id)
            else:
                assert known == []
    assert sum(map(len, histories.values())) == 36


def rebuilt(history: list[dict[str, Any]]) -> dict[str, Any]:
    """The chart of a tooth, told once more in other words: looking back from the newest entry."""
    natural = {
        "sound", "caries", "filled", "sealed", "inlay", "veneer", "root_canal", "impacted", "unerupted", "fractured"
    }  # fmt: skip
    of_surfaces = {"sound", "caries", "filled", "sealed", "inlay", "veneer", "fractured"}
    gaps = {"extracted", "missing", "prosthesis"}

    def is_whole(entry: dict[str, Any]) -> bool:
        return not (entry["surfaces"] and entry["condition"] in of_surfaces)

    # the last time that something natural was found where nothing was
    begin = 0
    whole = None
    for index, entry in enumerate(history):
        if whole in gaps and entry["condition"] in natural:
            begin, whole = index, None
        if is_whole(entry):
            whole = entry["condition"]
    current = history[begin:]
    conditions = [entry["condition"] for entry in current if is_whole(entry)]
    wiped = [
        index
        for index, entry in enumerate(current)
        if is_whole(entry) and entry["condition"] not in natural - {"sound"}
    ]
    surfaces: dict[str, str] = {}
    for entry in current[wiped[-1] if wiped else 0 :]:
        if not is_whole(entry):
            surfaces.update(dict.fromkeys(entry["surfaces"], entry["condition"]))
    return {
        "condition": conditions[-1] if conditions else None,
        "surfaces": surfaces,
        "since": history[-1]["at"] if history else None,
        "present": not {*conditions} & (gaps | {"implant"}),
    }
