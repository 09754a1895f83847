"""POST /patients/{patient_id}/unmerge."""

import asyncio
from typing import Any

import pytest

from tests import make
from tests.api import Api, bad_fields, problem
from tests.merges.records import NOTHING, TABLES, but, contents, merge, unmerge, with_everything


async def test_everything_goes_back(api: Api) -> None:
    target = await with_everything(api, "+491712345678", 9, alerts=["latex"])
    source = await with_everything(api, "+491712345679", 11, first_name="Berta", alerts=["penicillin"])
    await api.owner.execute("update patient set user_id = $1 where patient_id = $2", api.user_ids["patient"], source)
    before = await contents(api)
    await merge(api, target, source, fields={"first_name": "source"})

    answer = await api.manager.post(f"/patients/{target}/unmerge", json={"source_patient_id": source})

    assert answer.status_code == 200
    assert answer.json() == {
        "patient": (await api.manager.get(f"/patients/{target}")).json(),
        "source": (await api.manager.get(f"/patients/{source}")).json(),
        "returned": TABLES,
        "kept": [],
    }
    assert await contents(api) == before
    claims = await api.owner.fetch(
        "select resource_id from appointment_claim where resource_kind = 'patient' order by 1"
    )
    assert [row[0] for row in claims] == [target, source]


async def test_a_patient_without_anything_goes_back(api: Api) -> None:
    target, source = [(await make.patient(api))["patient_id"] for _ in range(2)]
    archived = (await api.admin.post(f"/patients/{source}/archive")).json()
    await merge(api, target, source)

    undone = await unmerge(api, target, source)

    assert undone["returned"] == NOTHING
    assert undone["source"] == {**archived, "version": 4, "updated_at": undone["source"]["updated_at"]}


async def test_what_was_added_since_stays_with_the_survivor(api: Api) -> None:
    target = await with_everything(api, "+491712345678", 9)
    source = await with_everything(api, "+491712345679", 11)
    before = await contents(api)
    await merge(api, target, source)
    await with_everything(api, "+491712345670", 13)
    new = {}
    doctor_id = await make.doctor(api)
    made = await make.appointment(api, patient_id=target, doctor_id=doctor_id, starts_at=make.workday(14))
    new["appointment"] = made["appointment_id"]
    answer = await api.doctor.post("/treatments", json={"patient_id": target, "doctor_id": doctor_id})
    new["treatment"] = answer.json()["treatment_id"]
    answer = await api.admin.post(f"/patients/{target}/phone_numbers", json={"number": "+491712345677"})
    new["patient_phone"] = answer.json()["phone_number_id"]
    new["sms"] = (await make.sms(api, new["patient_phone"]))["sms_id"]
    answer = await api.receptionist.post("/calls", json={"phone_number_id": new["patient_phone"], "direction": "in"})
    new["call"] = answer.json()["call_id"]
    new["invoice"] = (await make.invoice(api, target))["invoice_id"]
    new["payment"] = (await make.payment(api, target, "5.00"))["payment_id"]
    deleted = await api.doctor.post("/treatments", json={"patient_id": target, "doctor_id": doctor_id})
    await api.doctor.delete(f"/treatments/{deleted.json()['treatment_id']}")

    undone = await unmerge(api, target, source)

    assert sorted((row["entity"], row["id"]) for row in undone["kept"]) == sorted(new.items())
    assert undone["returned"] == TABLES
    after = await contents(api)
    for name, rows in before.items():
        assert {key: row for key, row in after[name].items() if key in rows} == rows, name
        if name in new:
            assert after[name][new[name]]["patient_id"] == target


async def test_what_was_changed_since_goes_back_as_it_is(api: Api) -> None:
    target, source = [(await make.patient(api))["patient_id"] for _ in range(2)]
    appointment = await make.appointment(api, patient_id=source)
    answer = await api.doctor.post("/treatments", json={"patient_id": source, "doctor_id": appointment["doctor_id"]})
    treatment_id = answer.json()["treatment_id"]
    await merge(api, target, source)
    await api.receptionist.post(f"/appointments/{appointment['appointment_id']}/cancel")
    item = await api.doctor.post(f"/treatments/{treatment_id}/items", json={"service_id": await make.service_id(api)})

    undone = await unmerge(api, target, source)

    assert item.status_code == 201
    assert undone["kept"] == []
    shown = (await api.admin.get(f"/appointments/{appointment['appointment_id']}")).json()
    assert (shown["patient_id"], shown["status"]) == (source, "cancelled")
    # what was added to a treatment is a part of it
    treatment = (await api.admin.get(f"/treatments/{treatment_id}")).json()
    assert (treatment["patient_id"], len(treatment["items"])) == (source, 1)


async def test_a_field_goes_back_only_while_it_holds_what_the_merge_wrote(api: Api) -> None:
    target = (await make.patient(api, first_name="Anna", note="old", alerts=["latex"]))["patient_id"]
    source = (await make.patient(api, first_name="Anne", note="new", alerts=["penicillin"]))["patient_id"]
    await merge(api, target, source, fields={"first_name": "source", "note": "source"})
    await api.admin.patch(f"/patients/{target}", json={"note": "newer"})

    undone = await unmerge(api, target, source)

    shown = undone["patient"]
    assert (shown["first_name"], shown["note"], shown["alerts"]) == ("Anna", "newer", ["latex"])


async def test_numbers_go_back_and_each_has_one_primary(api: Api) -> None:
    first, second, third, fourth = (f"+49171234567{digit}" for digit in range(4))
    target = (await make.patient(api, phone_numbers=[{"number": first}]))["patient_id"]
    numbers = [{"number": first, "label": "ours"}, {"number": second}, {"number": third}]
    source = (await make.patient(api, phone_numbers=numbers))["patient_id"]
    await merge(api, target, source)
    items = (await api.admin.get(f"/patients/{target}/phone_numbers")).json()["items"]
    holds = {item["e164"]: item["phone_number_id"] for item in items}
    await api.admin.delete(f"/phone_numbers/{holds[third]}")
    await api.admin.post(f"/phone_numbers/{holds[second]}/make_primary")
    await api.admin.post(f"/patients/{target}/phone_numbers", json={"number": fourth})

    undone = await unmerge(api, target, source)

    held = await api.owner.fetch("select patient_id, e164, label, is_primary from patient_phone order by 1, 2")
    assert [tuple(row) for row in held] == [
        (target, first, None, True),
        (target, fourth, None, False),
        (source, first, "ours", False),
        (source, second, None, True),
    ]
    assert [row["entity"] for row in undone["kept"]] == ["patient_phone"]


async def test_the_former_primary_number_is_primary_again(api: Api) -> None:
    shared, own = "+491712345671", "+491712345672"
    target = (await make.patient(api, phone_numbers=[{"number": shared}]))["patient_id"]
    source = (await make.patient(api, phone_numbers=[{"number": own}, {"number": shared}]))["patient_id"]
    hold = await api.owner.fetchval(
        "select phone_number_id from patient_phone where patient_id = $1 and e164 = $2", source, shared
    )
    await api.admin.post(f"/phone_numbers/{hold}/make_primary")
    before = await contents(api)
    await merge(api, target, source)

    undone = await unmerge(api, target, source)

    assert undone["source"]["primary_phone"] == shared
    assert await contents(api) == before


async def test_money_that_was_taken_for_the_survivors_invoices_stays_with_them(api: Api) -> None:
    target, source = [(await make.patient(api))["patient_id"] for _ in range(2)]
    ours = (await make.invoice(api, target, "100.00"))["invoice_id"]
    theirs = (await make.invoice(api, source, "100.00"))["invoice_id"]
    bound = (await make.payment(api, source, "50.00", (theirs, "20.00")))["payment_id"]
    free = (await make.payment(api, source, "7.00"))["payment_id"]
    await merge(api, target, source)
    answer = await api.receptionist.post(
        f"/payments/{bound}/allocate", json={"allocations": [{"invoice_id": ours, "amount": "30.00"}]}
    )

    undone = await unmerge(api, target, source)

    assert answer.status_code == 200
    # the other invoice hangs on the same payment
    assert undone["kept"] == [{"entity": "payment", "id": bound}, {"entity": "invoice", "id": theirs}]
    assert undone["returned"] == {**NOTHING, "payment": 1}
    assert (await api.admin.get(f"/payments/{free}")).json()["patient_id"] == source
    assert (
        await api.owner.fetchval(
            """
            select count(*)
            from payment_allocation
            join payment using (payment_id)
            join invoice using (invoice_id)
            where payment.patient_id <> invoice.patient_id
            """
        )
        == 0
    )


@pytest.mark.parametrize("direct", [False, True])
async def test_a_chain_comes_apart_in_any_order(api: Api, direct: bool) -> None:
    a = await with_everything(api, "+491712345671", 9)
    b = await with_everything(api, "+491712345672", 11)
    c = await with_everything(api, "+491712345673", 13)
    before = await contents(api)
    await merge(api, b, c)
    await merge(api, a, b)

    if direct:
        first, second = await unmerge(api, a, c), await unmerge(api, a, b)
    else:
        first, second = await unmerge(api, a, b), await unmerge(api, b, c)

    assert (first["kept"], second["kept"]) == ([], [])
    assert await contents(api) == before


async def test_the_login_goes_back_unless_somebody_else_has_it(api: Api) -> None:
    target, source = [(await make.patient(api))["patient_id"] for _ in range(2)]
    login = await api.own_patient(source)
    await merge(api, target, source)
    await api.admin.post(f"/patients/{target}/link_user/{api.user_ids['patient']}")

    undone = await unmerge(api, target, source)
    await merge(api, source, target)
    again = await unmerge(api, source, target)

    assert (undone["patient"]["user_id"], undone["source"]["user_id"]) == (api.user_ids["patient"], None)
    assert again["source"]["user_id"] == api.user_ids["patient"]
    assert (await login.get(f"/patients/{target}")).status_code == 200


async def test_the_same_again_changes_nothing(api: Api) -> None:
    target = (await make.patient(api))["patient_id"]
    source = await with_everything(api, "+491712345679", 11)
    await merge(api, target, source)

    answers = await asyncio.gather(*(unmerge(api, target, source) for _ in range(4)))

    counts = [sum(answer["returned"].values()) for answer in answers]
    assert sorted(counts) == [0, 0, 0, sum(TABLES.values())]
    assert [entry["entity_id"] for entry in await api.audited(action="unmerge", entity="patient")] == [source]


async def test_once_undone_they_may_be_merged_again_and_parted_again(api: Api) -> None:
    target = (await make.patient(api))["patient_id"]
    source = await with_everything(api, "+491712345679", 11)
    before = await contents(api)

    for _ in range(3):
        assert (await merge(api, target, source))["moved"] == TABLES
        assert (await unmerge(api, target, source))["returned"] == TABLES

    assert await contents(api) == before


async def test_never_merged_is_refused(api: Api) -> None:
    a, b, c = [(await make.patient(api))["patient_id"] for _ in range(3)]
    await merge(api, a, b)

    for target, source in ((a, c), (c, a), (c, b)):
        answer = await api.manager.post(f"/patients/{target}/unmerge", json={"source_patient_id": source})
        problem(answer, 409, "not_merged")
    merged = await api.manager.post(f"/patients/{b}/unmerge", json={"source_patient_id": c})
    assert problem(merged, 409, "merged")["merged_into"] == a


@pytest.mark.parametrize(
    "body, fields",
    [
        ({}, {"source_patient_id"}),
        ({"source_patient_id": "2", "dry_run": True}, {"source_patient_id", "dry_run"}),
        ({"source_patient_id": 1}, {"source_patient_id"}),
    ],
)
async def test_every_bad_field_is_named(api: Api, body: dict[str, Any], fields: set[str]) -> None:
    await make.patient(api)

    assert bad_fields(await api.manager.post("/patients/1/unmerge", json=body)) == fields


async def test_unknown_patients_and_other_versions(api: Api) -> None:
    target, source = [(await make.patient(api))["patient_id"] for _ in range(2)]
    await merge(api, target, source)
    body = {"source_patient_id": source}

    unknown = await api.manager.post(f"/patients/{target}/unmerge", json={"source_patient_id": 999})
    missing = await api.manager.post("/patients/999/unmerge", json=body)
    other = await api.manager.post(f"/patients/{target}/unmerge", json=body, headers={"If-Match": '"7-x"'})

    assert problem(unknown, 422, "unknown_reference")["errors"][0]["field"] == "source_patient_id"
    problem(missing, 404, "not_found")
    problem(other, 412, "version_mismatch")
    assert (await api.admin.get(f"/patients/{source}")).json()["status"] == "merged"


async def test_what_came_by_a_later_merge_stays_when_an_earlier_one_is_undone(api: Api) -> None:
    source, between, target = [await with_everything(api, f"+49171234567{digit}", 9 + 2 * digit) for digit in range(3)]
    before = await contents(api)
    login = await api.own_patient(between)
    await merge(api, between, source)
    await merge(api, target, between)
    await unmerge(api, target, source)
    await merge(api, target, source)

    undone = await unmerge(api, target, between)
    shown = (await api.admin.get(f"/patients/{source}")).json()
    await api.services.watch.refresh()
    seen = (await login.get("/treatments")).json()["items"]
    last = await unmerge(api, target, source)

    assert (undone["returned"], undone["kept"]) == (TABLES, [])
    assert shown["merged_into"] == target
    assert {treatment["patient_id"] for treatment in seen} == {between}
    assert last["returned"] == TABLES
    assert but((await contents(api))["patient"], user_id=None) == before.pop("patient")
    after = await contents(api)
    assert {name: after[name] for name in before} == before


async def test_a_number_that_went_back_is_given_to_nobody_else(api: Api) -> None:
    shared = "+491712345678"
    (source, hold), (target, _) = await make.holder(api, shared), await make.holder(api, shared)
    between = (await make.patient(api))["patient_id"]
    await merge(api, between, source)
    await merge(api, target, between)
    await unmerge(api, target, source)
    await api.admin.delete(f"/phone_numbers/{hold}")

    await unmerge(api, target, between)

    assert (await api.admin.get(f"/patients/{between}/phone_numbers")).json()["items"] == []


@pytest.mark.parametrize("end, owed", [("draft", "0.00"), ("issued", "80.00"), ("paid", "0.00"), ("void", "0.00")])
async def test_an_invoice_of_what_was_done_for_the_survivor_stays_with_him(api: Api, end: str, owed: str) -> None:
    target, source = [(await make.patient(api))["patient_id"] for _ in range(2)]
    draft_id = (await make.draft(api, source, "1.00"))["invoice_id"]
    free = (await make.invoice(api, source, "2.00"))["invoice_id"]
    taken = (await make.payment(api, source, "80.00"))["payment_id"]
    doctor_id, service = await make.doctor(api), await make.service(api)
    login = await api.own_patient(source)
    await merge(api, target, source)
    item = {"service_id": service["service_id"], "status": "done"}
    answer = await api.doctor.post("/treatments", json={"patient_id": target, "doctor_id": doctor_id, "items": [item]})
    lines = [{"treatment_item_id": answer.json()["items"][0]["treatment_item_id"]}]
    patched = await api.receptionist.patch(f"/invoices/{draft_id}", json={"lines": lines})
    if end != "draft":
        await api.receptionist.post(f"/invoices/{draft_id}/issue")
    if end == "void":
        await api.admin.post(f"/invoices/{draft_id}/void")
    if end == "paid":
        # what was taken of the source for it stays as well
        answer = await api.receptionist.post(
            f"/payments/{taken}/allocate", json={"allocations": [{"invoice_id": draft_id, "amount": "80.00"}]}
        )
        assert answer.status_code == 200, answer.text

    undone = await unmerge(api, target, source)

    assert patched.status_code == 200
    assert undone["returned"] == {**NOTHING, "invoice": 1, "payment": int(end != "paid")}
    assert {"entity": "invoice", "id": draft_id} in undone["kept"]
    assert (await api.admin.get(f"/invoices/{draft_id}")).json()["status"] == end
    await api.services.watch.refresh()
    assert [invoice["invoice_id"] for invoice in (await login.get("/invoices")).json()["items"]] == [free]
    balances = [(await api.admin.get(f"/patients/{each}/balance")).json() for each in (target, source)]
    assert [balance["balance"] for balance in balances] == [owed, "2.00" if end == "paid" else "-78.00"]


async def test_an_invoice_of_what_was_done_for_the_source_goes_back(api: Api) -> None:
    target, source = [(await make.patient(api))["patient_id"] for _ in range(2)]
    doctor_id, service = await make.doctor(api), await make.service(api)
    item = {"service_id": service["service_id"], "status": "done"}
    await api.doctor.post("/treatments", json={"patient_id": source, "doctor_id": doctor_id, "items": [item]})
    invoice = (await api.receptionist.post(f"/patients/{source}/invoices/from_treatments")).json()
    await merge(api, target, source)

    undone = await unmerge(api, target, source)

    assert undone["kept"] == []
    assert (await api.admin.get(f"/invoices/{invoice['invoice_id']}")).json()["patient_id"] == source
