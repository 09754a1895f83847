"""The numbers of patients and of employees: list, add, show, change, remove."""

from typing import Any

from tests.api import Api, bad_fields, problem
from tests.phones.holders import EMPLOYEE, PATIENT, Kind, of_each_kind


@of_each_kind
async def test_a_number_in_any_spelling_is_kept_as_e164(api: Api, kind: Kind) -> None:
    holder_id = await kind.holder(api)

    answer = await api.manager.post(
        f"{kind.holders}/{holder_id}/phone_numbers", json={"number": " 0171 234-56 78 ", "label": "mobile"}
    )

    added = answer.json()
    only_patients: dict[str, Any] = {"sms_opt_out": False, "shared_with": []} if kind is PATIENT else {}
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1{kind.numbers}/{added['phone_number_id']}"
    assert answer.headers["etag"].startswith('"1-')
    assert added == {
        "phone_number_id": added["phone_number_id"],
        f"{kind.name}_id": holder_id,
        "e164": "+491712345678",
        "national": "0171 2345678",
        "region": "DE",
        "type": "mobile",
        "label": "mobile",
        "is_primary": True,
        **only_patients,
        "created_at": added["created_at"],
        "version": 1,
    }
    assert (await api.doctor.get(f"{kind.numbers}/{added['phone_number_id']}")).json() == added
    assert await kind.list(api, holder_id) == [added]
    entries = await api.audited(action="create", entity=kind.table, entity_id=added["phone_number_id"])
    assert [entry["after"]["e164"] for entry in entries] == ["+491712345678"]


@of_each_kind
async def test_an_extension_is_no_part_of_a_number(api: Api, kind: Kind) -> None:
    """The number is everybody's who holds it, so it is shown the same whoever spelled it first."""
    holder_id = await kind.holder(api)

    answer = await api.manager.post(f"{kind.holders}/{holder_id}/phone_numbers", json={"number": "030 1234567 ext. 12"})

    assert (answer.json()["e164"], answer.json()["national"]) == ("+49301234567", "030 1234567")


@of_each_kind
async def test_the_same_number_twice_is_refused_whatever_its_spelling(api: Api, kind: Kind) -> None:
    first, second = await kind.holder(api), await kind.holder(api)
    await kind.add(api, first, "0171 2345678")

    answer = await api.admin.post(f"{kind.holders}/{first}/phone_numbers", json={"number": "+49 171 2345678"})

    assert problem(answer, 409, "duplicate")["errors"][0]["field"] == "number"
    assert len(await kind.list(api, first)) == 1
    assert (await kind.add(api, second, "0171 2345678"))["is_primary"]


@of_each_kind
async def test_pages_hold_every_number_once_oldest_first(api: Api, kind: Kind) -> None:
    holder_id = await kind.holder(api)
    ids = [(await kind.add(api, holder_id, f"0171 23456{n}"))["phone_number_id"] for n in range(10, 15)]
    path = f"{kind.holders}/{holder_id}/phone_numbers?limit=2"

    first = (await api.admin.get(path)).json()
    second = (await api.admin.get(f"{path}&cursor={first['next_cursor']}")).json()
    third = (await api.admin.get(f"{path}&cursor={second['next_cursor']}")).json()

    pages = [[each["phone_number_id"] for each in page["items"]] for page in (first, second, third)]
    assert pages == [ids[:2], ids[2:4], ids[4:]]
    assert third["next_cursor"] is None


@of_each_kind
async def test_a_label_changes_once(api: Api, kind: Kind) -> None:
    added = await kind.add(api, await kind.holder(api), "0171 2345678", label="mobile")
    path = f"{kind.numbers}/{added['phone_number_id']}"

    changed = await api.admin.patch(path, json={"label": "work"})
    again = await api.admin.patch(path, json={"label": "work"})
    empty = await api.admin.patch(path, json={})
    cleared = await api.admin.patch(path, json={"label": None})

    assert changed.json() == {**added, "label": "work", "version": 2}
    assert again.json() == empty.json() == changed.json()
    assert cleared.json() == {**added, "label": None, "version": 3}
    assert len(await api.audited(action="update", entity=kind.table)) == 2


@of_each_kind
async def test_removing_the_primary_one_promotes_the_oldest(api: Api, kind: Kind) -> None:
    holder_id = await kind.holder(api)
    first, second, third = [await kind.add(api, holder_id, f"0171 234567{n}") for n in range(3)]

    answer = await api.admin.delete(f"{kind.numbers}/{first['phone_number_id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert await kind.list(api, holder_id) == [{**second, "is_primary": True, "version": 2}, third]
    problem(await api.admin.get(f"{kind.numbers}/{first['phone_number_id']}"), 404, "not_found")
    problem(await api.admin.delete(f"{kind.numbers}/{first['phone_number_id']}"), 404, "not_found")
    assert [entry["before"]["e164"] for entry in await api.audited(action="delete", entity=kind.table)] == [
        "+491712345670"
    ]


@of_each_kind
async def test_removing_another_one_leaves_the_primary_one(api: Api, kind: Kind) -> None:
    holder_id = await kind.holder(api)
    first, second = [await kind.add(api, holder_id, f"0171 234567{n}") for n in range(2)]

    await api.admin.delete(f"{kind.numbers}/{second['phone_number_id']}")

    assert await kind.list(api, holder_id) == [first]
    await api.admin.delete(f"{kind.numbers}/{first['phone_number_id']}")
    assert await kind.list(api, holder_id) == []
    assert (await kind.add(api, holder_id, "0171 2345672"))["is_primary"]


@of_each_kind
async def test_if_match_lets_only_the_version_named_through(api: Api, kind: Kind) -> None:
    holder_id = await kind.holder(api)
    await kind.add(api, holder_id, "0171 2345670")
    added = await kind.add(api, holder_id, "0171 2345671")
    path = f"{kind.numbers}/{added['phone_number_id']}"
    before = await kind.list(api, holder_id)
    stale = {"If-Match": '"7"'}

    problem(await api.admin.patch(path, json={"label": "x"}, headers=stale), 412, "version_mismatch")
    problem(await api.admin.post(f"{path}/make_primary", headers=stale), 412, "version_mismatch")
    problem(await api.admin.delete(path, headers=stale), 412, "version_mismatch")
    assert await kind.list(api, holder_id) == before
    etag = (await api.admin.get(path)).headers["etag"]
    assert (await api.admin.delete(path, headers={"If-Match": etag})).status_code == 204


@of_each_kind
async def test_permissions_and_what_names_nothing(api: Api, kind: Kind) -> None:
    holder_id = await kind.holder(api)
    added = await kind.add(api, holder_id, "0171 2345678")
    numbers, one = f"{kind.holders}/{holder_id}/phone_numbers", f"{kind.numbers}/{added['phone_number_id']}"
    forbidden = getattr(api, kind.forbidden)

    problem(await forbidden.post(numbers, json={"number": "0171 1"}), 403, "forbidden")
    problem(await forbidden.patch(one, json={}), 403, "forbidden")
    problem(await forbidden.delete(one), 403, "forbidden")
    problem(await forbidden.post(f"{one}/make_primary"), 403, "forbidden")
    problem(await api.patient.get(numbers), 403, "forbidden")
    problem(await api.patient.get(one), 403, "forbidden")
    assert (await forbidden.get(numbers)).status_code == (await forbidden.get(one)).status_code == 200
    body = {"number": "0171 2345678"}
    problem(await api.admin.get(f"{kind.holders}/12345/phone_numbers"), 404, "not_found")
    problem(await api.admin.post(f"{kind.holders}/12345/phone_numbers", json=body), 404, "not_found")
    problem(await api.admin.get(f"{kind.numbers}/12345"), 404, "not_found")
    problem(await api.admin.patch(f"{kind.numbers}/12345", json={}), 404, "not_found")
    problem(await api.admin.post(f"{kind.numbers}/12345/make_primary"), 404, "not_found")
    problem(await api.admin.delete(f"{kind.numbers}/12345"), 404, "not_found")


@of_each_kind
async def test_every_bad_field_is_named_and_nothing_is_stored(api: Api, kind: Kind) -> None:
    holder_id = await kind.holder(api)
    path = f"{kind.holders}/{holder_id}/phone_numbers"
    bad: list[tuple[Any, set[str]]] = [
        ({}, {"number"}),
        ({"number": ""}, {"number"}),
        ({"number": None, "label": 7, "is_primary": True}, {"number", "label", "is_primary"}),
        ({"number": "12"}, {"number"}),
        ({"number": "0" * 101}, {"number"}),
        ({"number": "call me"}, {"number"}),
        ({"number": "+999 123456"}, {"number"}),
        ({"number": "0171 234567890123456789"}, {"number"}),
        ({"number": "0171\x002345678"}, {"number"}),
        ({"number": "0171 2345678", "label": "x" * 101}, {"label"}),
    ]
    for body, fields in bad:
        assert bad_fields(await api.admin.post(path, json=body)) == fields
    assert await kind.list(api, holder_id) == []
    one = f"{kind.numbers}/{(await kind.add(api, holder_id, '0171 2345678'))['phone_number_id']}"
    answer = await api.admin.patch(one, json={"number": "0171 1", "is_primary": True, "sms_opt_out": None})
    assert bad_fields(answer) == {"number", "is_primary", "sms_opt_out"}


async def test_an_employees_number_has_no_opt_out_of_its_own(api: Api) -> None:
    added = await EMPLOYEE.add(api, await EMPLOYEE.holder(api), "0171 2345678")

    answer = await api.admin.patch(f"{EMPLOYEE.numbers}/{added['phone_number_id']}", json={"sms_opt_out": True})

    assert bad_fields(answer) == {"sms_opt_out"}


async def test_patients_and_employees_may_share_a_number(api: Api) -> None:
    first, second = await PATIENT.holder(api), await PATIENT.holder(api)
    await EMPLOYEE.add(api, await EMPLOYEE.holder(api), "0171 2345678")
    await PATIENT.add(api, first, "0171 2345678")

    added = await PATIENT.add(api, second, "0171 2345678")

    assert added["shared_with"] == [first]
    assert (await PATIENT.list(api, first))[0]["shared_with"] == [second]


async def test_an_opt_out_counts_wherever_the_number_is_held(api: Api) -> None:
    first, second = await PATIENT.holder(api), await PATIENT.holder(api)
    held = await PATIENT.add(api, first, "0171 2345678")
    await PATIENT.add(api, second, "0171 2345678")
    path = f"/phone_numbers/{held['phone_number_id']}"

    changed = await api.admin.patch(path, json={"sms_opt_out": True, "label": "x"})
    again = await api.admin.patch(path, json={"sms_opt_out": True})
    later = await PATIENT.add(api, await PATIENT.holder(api), "+491712345678")

    assert (changed.json()["sms_opt_out"], changed.json()["version"]) == (True, 2)
    assert again.json()["version"] == 2
    assert [(each["sms_opt_out"], each["version"]) for each in await PATIENT.list(api, second)] == [(True, 2)]
    assert later["sms_opt_out"]
    entries = await api.audited(action="update", entity="patient_phone")
    assert {(entry["patient_id"], entry["after"]["sms_opt_out"]) for entry in entries} == {
        (first, True),
        (second, True),
    }
    assert len(entries) == 2
    back = await api.admin.patch(path, json={"sms_opt_out": False})
    assert (back.json()["sms_opt_out"], back.json()["version"]) == (False, 3)


async def test_messages_and_calls_stay_when_their_number_is_removed(api: Api) -> None:
    patient_id = await PATIENT.holder(api)
    held = await PATIENT.add(api, patient_id, "0171 2345678")
    path = f"/phone_numbers/{held['phone_number_id']}"
    sms = (await api.admin.post(f"{path}/sms", json={"text": "Hello", "send": False})).json()
    call = (await api.admin.post("/calls", json={"number": "0171 2345678", "direction": "in"})).json()

    assert (await api.admin.delete(path)).status_code == 204

    assert (await api.admin.get(f"/sms/{sms['sms_id']}")).json()["e164"] == "+491712345678"
    assert (await api.admin.get(f"/calls/{call['call_id']}")).json()["e164"] == "+491712345678"


async def test_the_numbers_of_a_merged_patient_stay_as_they_are(api: Api) -> None:
    target, source = await PATIENT.holder(api), await PATIENT.holder(api)
    held = await PATIENT.add(api, source, "0171 2345678")
    await api.owner.execute(
        "update patient set merged_into = $1, status = 'merged' where patient_id = $2", target, source
    )
    one = f"/phone_numbers/{held['phone_number_id']}"

    answers = [
        await api.admin.post(f"/patients/{source}/phone_numbers", json={"number": "0171 2345679"}),
        await api.admin.patch(one, json={"label": "x"}),
        await api.admin.post(f"{one}/make_primary"),
        await api.admin.delete(one),
    ]

    for answer in answers:
        assert problem(answer, 409, "merged")["merged_into"] == target
    assert await PATIENT.list(api, source) == [held]


async def test_reading_a_patients_numbers_is_written_into_the_audit_log(api: Api) -> None:
    patient_id = await PATIENT.holder(api)

    await api.doctor.get(f"/patients/{patient_id}/phone_numbers")

    assert len(await api.audited(action="read", patient_id=patient_id, actor_id=api.user_ids["doctor"])) == 1
