"""GET /treatments, /patients/{patient_id}/treatments and …/by_tooth."""

from typing import Any

from tests import make
from tests.api import Api, bad_fields, problem
from tests.treatments import rows


async def listed(api: Api, path: str) -> list[int]:
    answer = await api.receptionist.get(path)
    assert answer.status_code == 200, answer.text
    return [each["treatment_id"] for each in answer.json()["items"]]


def without_items(treatment: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in treatment.items() if name != "items"}


async def test_pages_hold_every_treatment_once_newest_day_first(api: Api) -> None:
    given = await rows.practice(api)
    days = ("2026-03-01", "2026-05-01", "2026-03-01", "2025-12-31", "2026-05-01")
    made = [(await rows.treatment(api, given, performed_on=day))["treatment_id"] for day in days]

    seen: list[int] = []
    cursor = None
    while True:
        parameters = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = await api.doctor.get("/treatments", params=parameters)
        assert answer.status_code == 200, answer.text
        seen += [each["treatment_id"] for each in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            break

    assert seen == [made[4], made[1], made[2], made[0], made[3]]


async def test_a_list_shows_treatments_without_their_items(api: Api) -> None:
    given = await rows.practice(api)
    made = await rows.treatment(api, given, {"quantity": 2}, {"discount": "0.01"}, note="x")

    answer = await api.manager.get("/treatments")

    assert answer.json() == {"items": [without_items(made)], "next_cursor": None}
    assert made["total"] == "239.99"
    assert (await api.manager.get(f"/patients/{given.patient_id}/treatments")).json() == answer.json()


async def test_filters(api: Api) -> None:
    given, other = await rows.practice(api), await rows.practice(api)
    a = (await rows.treatment(api, given, performed_on="2026-03-01"))["treatment_id"]
    b = (await rows.treatment(api, given, performed_on="2026-03-02", status="completed"))["treatment_id"]
    c = (await rows.treatment(api, other, performed_on="2026-03-03", status="in_progress"))["treatment_id"]

    assert await listed(api, f"/treatments?patient_id={given.patient_id}") == [b, a]
    assert await listed(api, f"/treatments?doctor_id={other.doctor_id}") == [c]
    assert await listed(api, f"/treatments?doctor_id={other.doctor_id}&doctor_id={given.doctor_id}") == [c, b, a]
    assert await listed(api, "/treatments?status=completed&status=in_progress") == [c, b]
    assert await listed(api, "/treatments?from=2026-03-01&to=2026-03-02") == [b, a]
    assert await listed(api, "/treatments?from=2026-03-03") == [c]
    assert await listed(api, "/treatments?patient_id=999") == []
    own = f"/patients/{given.patient_id}/treatments"
    assert await listed(api, own) == [b, a]
    assert await listed(api, f"{own}?status=planned&from=2026-03-01&doctor_id={given.doctor_id}") == [a]
    assert await listed(api, f"{own}?to=2026-02-28") == []


async def test_every_bad_parameter_is_named(api: Api) -> None:
    answer = await api.doctor.get("/treatments?patient_id=0&doctor_id=x&status=done&from=today&to=2026-13-01&tooth=1")

    assert bad_fields(answer) == {"patient_id", "doctor_id", "status", "from", "to", "tooth"}


async def test_a_patient_who_is_not_there_has_no_list(api: Api) -> None:
    problem(await api.doctor.get("/patients/999/treatments"), 404, "not_found")
    problem(await api.doctor.get("/patients/999/treatments/by_tooth?tooth_id=11"), 404, "not_found")


async def test_by_tooth_shows_only_what_was_done_on_that_tooth(api: Api) -> None:
    given, other = await rows.practice(api), await rows.practice(api)
    made = await rows.treatment(
        api,
        given,
        {"teeth": [{"tooth_id": 36, "surfaces": "MO"}, {"tooth_id": 37}]},
        {"teeth": [{"tooth_id": 37}]},
        {},
        performed_on="2026-03-01",
    )
    late = await rows.treatment(api, given, {"teeth": [{"tooth_id": 36}]}, performed_on="2026-04-01", note="x")
    await rows.treatment(api, given, {"teeth": [{"tooth_id": 11}]})
    await rows.treatment(api, other, {"teeth": [{"tooth_id": 36}]})

    answer = await api.doctor.get(f"/patients/{given.patient_id}/treatments/by_tooth?tooth_id=36")

    first = made["items"][0]
    cut = {**made, "items": [{**first, "teeth": first["teeth"][:1]}]}
    assert answer.json() == {"items": [late, cut], "next_cursor": None}
    unknown = await api.doctor.get(f"/patients/{given.patient_id}/treatments/by_tooth?tooth_id=99")
    assert unknown.json()["items"] == []
    assert bad_fields(await api.doctor.get(f"/patients/{given.patient_id}/treatments/by_tooth")) == {"tooth_id"}


async def test_a_patients_login_reads_his_own_without_the_staffs_notes(api: Api) -> None:
    given, other = await rows.practice(api), await rows.practice(api)
    item = {"note": "y", "teeth": [{"tooth_id": 36, "note": "z"}]}
    made = await rows.treatment(api, given, item, note="x", diagnosis="caries")
    foreign = await rows.treatment(api, other, item)
    client = await api.own_patient(given.patient_id)

    own = (await client.get(f"/treatments/{made['treatment_id']}")).json()
    tooth = {**made["items"][0]["teeth"][0], "note": None}
    hidden = {**made, "note": None, "items": [{**made["items"][0], "note": None, "teeth": [tooth]}]}
    assert own == hidden
    assert (await client.get("/treatments")).json()["items"] == [without_items(hidden)]
    own_path = f"/patients/{given.patient_id}/treatments"
    assert (await client.get(own_path)).json()["items"] == [without_items(hidden)]
    assert (await client.get(f"{own_path}/by_tooth?tooth_id=36")).json()["items"] == [hidden]
    for path in (
        f"/treatments/{foreign['treatment_id']}",
        f"/treatments/{made['treatment_id']}/items",
        f"/treatment_items/{made['items'][0]['treatment_item_id']}/teeth",
        "/treatments/999",
        f"/treatments?patient_id={other.patient_id}",
        f"/patients/{other.patient_id}/treatments",
        f"/patients/{other.patient_id}/treatments/by_tooth?tooth_id=36",
        "/patients/999/treatments",
    ):
        problem(await client.get(path), 403, "forbidden")


async def test_reading_a_patients_treatments_is_in_the_audit_log(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]

    await api.doctor.get(f"/patients/{patient_id}/treatments")

    assert [entry["patient_id"] for entry in await api.audited(action="read")] == [patient_id]


async def test_a_doctors_patients_are_those_he_treats_too(api: Api) -> None:
    given, other = await rows.practice(api), await rows.practice(api)
    made = await rows.treatment(api, given)
    await rows.treatment(api, other)
    path = f"/patients?doctor_id={given.doctor_id}"

    assert [each["patient_id"] for each in (await api.doctor.get(path)).json()["items"]] == [given.patient_id]
    await api.doctor.delete(f"/treatments/{made['treatment_id']}")
    assert (await api.doctor.get(path)).json()["items"] == []
