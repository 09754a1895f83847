"""POST /patients/{patient_id}/invoices/from_treatments, and invoices of treatment items at large."""

import asyncio
from typing import Any

import pytest

from tests import make
from tests.api import Api, problem
from tests.treatments import rows
from tests.treatments.rows import Practice


async def done(api: Api, given: Practice, *items: dict[str, Any]) -> list[int]:
    """Done items of a new treatment; their ids."""
    treatment = await rows.treatment(api, given, *({"status": "done", **item} for item in items or ({},)))
    return [item["treatment_item_id"] for item in treatment["items"]]


async def draft_items(api: Api, patient_id: int, *items: int, **fields: Any) -> Any:
    lines = [{"treatment_item_id": item} for item in items]
    return await api.receptionist.post("/invoices", json={"patient_id": patient_id, "lines": lines, **fields})


async def test_all_that_was_done_is_drafted_the_first_done_first(api: Api) -> None:
    given = await rows.practice(api)
    items = await done(
        api,
        given,
        {"quantity": 3, "discount": "0.50", "done_at": "2026-01-02T10:00:00Z"},
        {"unit_price": "12.30", "done_at": "2026-01-01T10:00:00Z"},
        {"status": "planned"},
    )
    deleted = await done(api, given)
    await api.doctor.delete(f"/treatment_items/{deleted[0]}")
    await done(api, await rows.practice(api))

    answer = await api.receptionist.post(f"/patients/{given.patient_id}/invoices/from_treatments")

    invoice = answer.json()
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/api/v1/invoices/{invoice['invoice_id']}"
    assert (invoice["status"], invoice["due_on"], invoice["version"]) == ("draft", None, 1)
    assert [{name: line[name] for name in line if name != "line_id"} for line in invoice["lines"]] == [
        {
            "treatment_item_id": items[1],
            "description": "Filling",
            "quantity": 1,
            "unit_price": "12.30",
            "discount": "0.00",
            "tax_rate": "0.00",
            "total": "12.30",
        },
        {
            "treatment_item_id": items[0],
            "description": "Filling",
            "quantity": 3,
            "unit_price": "80.00",
            "discount": "0.50",
            "tax_rate": "0.00",
            "total": "239.50",
        },
    ]
    assert (invoice["subtotal"], invoice["tax"], invoice["total"]) == ("251.80", "0.00", "251.80")


async def test_nothing_to_invoice_is_409_until_the_draft_is_void(api: Api) -> None:
    given = await rows.practice(api)
    path = f"/patients/{given.patient_id}/invoices/from_treatments"
    problem(await api.admin.post(path), 409, "nothing_to_invoice")
    items = await done(api, given)

    first = await api.admin.post(path)
    problem(await api.admin.post(path), 409, "nothing_to_invoice")
    await api.admin.post(f"/invoices/{first.json()['invoice_id']}/void")
    second = await api.admin.post(path)

    assert second.status_code == 201
    assert [line["treatment_item_id"] for line in second.json()["lines"]] == items


async def test_of_many_at_once_one_finds_something_to_invoice(api: Api) -> None:
    given = await rows.practice(api)
    await done(api, given, {}, {}, {})

    answers = await asyncio.gather(
        *(api.admin.post(f"/patients/{given.patient_id}/invoices/from_treatments") for _ in range(6))
    )

    outcomes = sorted(answer.json().get("code", "done") for answer in answers)
    assert outcomes == ["done"] + ["nothing_to_invoice"] * 5


async def test_many_at_once_invoice_everything_once(api: Api) -> None:
    given = await rows.practice(api)
    items = await done(api, given, {}, {}, {})
    path = f"/patients/{given.patient_id}/invoices/from_treatments"

    answers = await asyncio.gather(
        *(api.admin.post(path) for _ in range(5)),
        *(draft_items(api, given.patient_id, *items[::step]) for step in (1, -1, 2)),
    )

    made = [
        line["treatment_item_id"] for answer in answers if answer.status_code == 201 for line in answer.json()["lines"]
    ]
    assert sorted(made) == sorted(items)
    assert {answer.json()["code"] for answer in answers if answer.status_code != 201} <= {
        "nothing_to_invoice",
        "duplicate",
    }


async def test_from_treatments_permission_404_and_merged(api: Api) -> None:
    target = (await make.patient(api))["patient_id"]
    given = await rows.practice(api)
    await done(api, given)
    await api.owner.execute(
        "update patient set merged_into = $1, status = 'merged' where patient_id = $2", target, given.patient_id
    )
    path = f"/patients/{given.patient_id}/invoices/from_treatments"

    problem(await api.admin.post("/patients/12345/invoices/from_treatments"), 404, "not_found")
    assert problem(await api.admin.post(path), 409, "merged")["merged_into"] == target
    for client in (api.doctor, api.assistant, api.patient):
        problem(await client.post(path), 403, "forbidden")


async def test_lines_of_items_mix_with_lines_written_by_hand(api: Api) -> None:
    given = await rows.practice(api)
    (item,) = await done(api, given, {"quantity": 2})
    lines = [make.line("5.00", tax_rate="19"), {"treatment_item_id": item}]

    answer = await api.admin.post("/invoices", json={"patient_id": given.patient_id, "lines": lines})

    assert [(line["treatment_item_id"], line["total"]) for line in answer.json()["lines"]] == [
        (None, "5.00"),
        (item, "160.00"),
    ]
    assert answer.json()["total"] == "165.95"


async def test_items_that_cannot_be_invoiced_are_refused_and_named(api: Api) -> None:
    given = await rows.practice(api)
    (item,) = await done(api, given)
    (planned,) = await done(api, given, {"status": "planned"})
    (deleted,) = await done(api, given)
    await api.doctor.delete(f"/treatment_items/{deleted}")
    (of_other,) = await done(api, await rows.practice(api))

    for unknown in (planned, deleted, of_other, 12345):
        answer = problem(await draft_items(api, given.patient_id, item, unknown), 422, "unknown_reference")
        assert answer["errors"][0]["field"] == "lines[1].treatment_item_id"
    assert (
        problem(await draft_items(api, given.patient_id, item, item), 409, "duplicate")["errors"][0]["field"] == "lines"
    )
    assert await api.owner.fetchval("select count(*) from invoice") == 0

    assert (await draft_items(api, given.patient_id, item)).status_code == 201
    again = problem(await draft_items(api, given.patient_id, item), 409, "duplicate")
    assert again["errors"][0]["field"] == "lines[0].treatment_item_id"


async def test_a_draft_keeps_or_gives_up_its_items(api: Api) -> None:
    given = await rows.practice(api)
    first, second, other = await done(api, given, {}, {}, {})
    path = f"/invoices/{(await draft_items(api, given.patient_id, first, second)).json()['invoice_id']}"
    await draft_items(api, given.patient_id, other)

    kept = await api.admin.patch(path, json={"lines": [{"treatment_item_id": second}, {"treatment_item_id": first}]})
    taken = await api.admin.patch(path, json={"lines": [{"treatment_item_id": other}]})
    given_up = await api.admin.patch(path, json={"lines": [{"treatment_item_id": second}]})

    assert [line["treatment_item_id"] for line in kept.json()["lines"]] == [second, first]
    assert problem(taken, 409, "duplicate")["errors"][0]["field"] == "lines[0].treatment_item_id"
    assert given_up.json()["total"] == "80.00"
    assert (await draft_items(api, given.patient_id, first)).status_code == 201


CHANGES: list[tuple[str, str, dict[str, Any] | None]] = [
    ("PATCH", "/treatment_items/{item}", {"quantity": 2}),
    ("PATCH", "/treatment_items/{item}", {"unit_price": "1.00"}),
    ("PATCH", "/treatment_items/{item}", {"discount": "1.00"}),
    ("PATCH", "/treatment_items/{item}", {"status": "planned"}),
    ("DELETE", "/treatment_items/{item}", None),
    ("DELETE", "/treatments/{treatment}", None),
]


@pytest.mark.parametrize("method, path, body", CHANGES)
async def test_an_invoiced_item_cannot_be_changed_or_deleted(
    api: Api, method: str, path: str, body: dict[str, Any] | None
) -> None:
    given = await rows.practice(api)
    treatment = await rows.treatment(api, given, {"status": "done"})
    item = treatment["items"][0]["treatment_item_id"]
    invoice = (await draft_items(api, given.patient_id, item)).json()
    target = path.format(item=item, treatment=treatment["treatment_id"])

    refused = await api.admin.request(method, target, json=body)
    noted = await api.admin.patch(f"/treatment_items/{item}", json={"note": "still possible"})
    await api.admin.post(f"/invoices/{invoice['invoice_id']}/issue")
    refused_again = await api.admin.request(method, target, json=body)
    await api.admin.post(f"/invoices/{invoice['invoice_id']}/void")
    let_through = await api.admin.request(method, target, json=body)

    problem(refused, 409, "in_use")
    problem(refused_again, 409, "in_use")
    assert noted.status_code == 200
    assert let_through.is_success


async def test_changing_and_invoicing_at_once_is_one_before_the_other(api: Api) -> None:
    for _ in range(5):
        given = await rows.practice(api)
        (item,) = await done(api, given)

        invoicing, changing = await asyncio.gather(
            draft_items(api, given.patient_id, item),
            api.doctor.patch(f"/treatment_items/{item}", json={"unit_price": "1.00"}),
        )

        total = invoicing.json()["total"]
        assert (total, changing.status_code) in {("80.00", 409), ("1.00", 200)}
