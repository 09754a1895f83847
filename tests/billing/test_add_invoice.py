"""POST /invoices and GET of the same."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import make
from tests.api import Api, bad_fields, problem

CENT = Decimal("0.01")
MOST = Decimal("999999999.99")


async def test_a_draft_answers_201_with_its_sums(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]

    answer = await api.receptionist.post(
        "/invoices",
        json={
            "patient_id": patient_id,
            "due_on": "2026-12-24",
            "lines": [
                {"description": " Crown ", "quantity": 3, "unit_price": "33.33", "discount": "0.01", "tax_rate": "19"},
                {"description": "Cleaning", "quantity": 1, "unit_price": "10"},
            ],
        },
    )

    invoice = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/invoices/{invoice['invoice_id']}"
    assert answer.headers["etag"].startswith('"1-')
    assert invoice == {
        "invoice_id": invoice["invoice_id"],
        "number": None,
        "patient_id": patient_id,
        "status": "draft",
        "issued_on": None,
        "due_on": "2026-12-24",
        "lines": [
            {
                "line_id": invoice["lines"][0]["line_id"],
                "treatment_item_id": None,
                "description": "Crown",
                "quantity": 3,
                "unit_price": "33.33",
                "discount": "0.01",
                "tax_rate": "19.00",
                "total": "99.98",
            },
            {
                "line_id": invoice["lines"][1]["line_id"],
                "treatment_item_id": None,
                "description": "Cleaning",
                "quantity": 1,
                "unit_price": "10.00",
                "discount": "0.00",
                "tax_rate": "0.00",
                "total": "10.00",
            },
        ],
        "subtotal": "109.98",
        "tax": "19.00",
        "total": "128.98",
        "paid": "0.00",
        "balance": "128.98",
        "created_at": invoice["created_at"],
        "updated_at": invoice["created_at"],
        "version": 1,
    }
    assert (await api.doctor.get(f"/invoices/{invoice['invoice_id']}")).json() == invoice
    assert len(await api.audited(action="create", entity="invoice")) == 1
    assert len(await api.audited(action="create", entity="invoice_line")) == 2
    assert await api.audited(action="update") == []


PRICE = st.decimals(min_value=0, max_value=MOST, places=2)
LINE = st.fixed_dictionaries(
    {"quantity": st.integers(1, 1000), "unit_price": PRICE, "tax_rate": st.sampled_from(["0", "7.00", "19", "33.33"])}
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINE, max_size=6), share=st.floats(0, 1))
async def test_sums_are_those_of_exact_arithmetic(api: Api, lines: list[dict[str, Any]], share: float) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    for line in lines:
        whole = line["quantity"] * line["unit_price"]
        line["discount"] = min((whole * Decimal(share)).quantize(CENT), MOST, whole)
    body = [make.line(**{**{name: str(line[name]) for name in line}, "quantity": line["quantity"]}) for line in lines]

    answer = await api.admin.post("/invoices", json={"patient_id": patient_id, "lines": body})

    totals = [line["quantity"] * line["unit_price"] - line["discount"] for line in lines]
    by_rate: dict[str, Decimal] = {}
    for line, total in zip(lines, totals, strict=True):
        by_rate[line["tax_rate"]] = by_rate.get(line["tax_rate"], Decimal(0)) + total
    tax = sum((total * Decimal(rate) / 100).quantize(CENT, ROUND_HALF_UP) for rate, total in by_rate.items())
    invoice = answer.json()
    assert answer.status_code == 201, answer.text
    assert [Decimal(line["total"]) for line in invoice["lines"]] == totals
    assert (Decimal(invoice["subtotal"]), Decimal(invoice["tax"])) == (sum(totals), tax)
    assert Decimal(invoice["total"]) == Decimal(invoice["balance"]) == sum(totals) + tax


async def test_tax_is_rounded_half_up_over_the_sum_of_a_rate(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    lines = [make.line("0.25", tax_rate="10"), make.line("0.20", tax_rate="10.00"), make.line("0.10", tax_rate="5")]

    answer = await api.admin.post("/invoices", json={"patient_id": patient_id, "lines": lines})

    # 10 % of 0.45 and 5 % of 0.10, each half up: by line it would be 0.03 + 0.02 + 0.01
    assert answer.json()["tax"] == "0.06"


async def test_every_bad_field_is_named_and_nothing_is_stored(api: Api) -> None:
    answer = await api.admin.post(
        "/invoices",
        json={
            "patient_id": "1",
            "due_on": "tomorrow",
            "status": "paid",
            "lines": [
                {},
                make.line("-1", quantity=0, tax_rate="100.01", discount=5),
                make.line("10.001", quantity=1.5),
                make.line("10.00", discount="10.01"),
                {"treatment_item_id": 1, "quantity": 2, "discount": "1.00"},
                {"treatment_item_id": 0},
                make.line("٣"),
                7,
            ],
        },
    )

    assert bad_fields(answer) == {
        "patient_id",
        "due_on",
        "status",
        "lines[0].description",
        "lines[0].quantity",
        "lines[0].unit_price",
        "lines[1].unit_price",
        "lines[1].quantity",
        "lines[1].tax_rate",
        "lines[1].discount",
        "lines[2].unit_price",
        "lines[2].quantity",
        "lines[3].discount",
        "lines[4].quantity",
        "lines[4].discount",
        "lines[5].treatment_item_id",
        "lines[6].unit_price",
        "lines[7]",
    }
    assert bad_fields(await api.admin.post("/invoices", json={})) == {"patient_id", "lines"}
    assert await api.owner.fetchval("select count(*) from invoice") == 0


@pytest.mark.parametrize("field", ["description", "quantity", "unit_price"])
@pytest.mark.parametrize("empty", ["", " \u00a0", None])
async def test_an_empty_value_is_a_missing_one(api: Api, field: str, empty: str | None) -> None:
    patient_id = (await make.patient(api))["patient_id"]

    answer = await api.admin.post(
        "/invoices", json={"patient_id": patient_id, "lines": [{**make.line("1.00"), field: empty}]}
    )

    assert bad_fields(answer) == {f"lines[0].{field}"}


async def test_an_unknown_patient_is_422_and_a_merged_one_409(api: Api) -> None:
    target = (await make.patient(api))["patient_id"]
    source = (await make.patient(api))["patient_id"]
    await api.owner.execute(
        "update patient set merged_into = $1, status = 'merged' where patient_id = $2", target, source
    )

    unknown = await api.admin.post("/invoices", json={"patient_id": 12345, "lines": []})
    merged = await api.admin.post("/invoices", json={"patient_id": source, "lines": []})

    assert problem(unknown, 422, "unknown_reference")["errors"][0]["field"] == "patient_id"
    assert problem(merged, 409, "merged")["merged_into"] == target


async def test_an_archived_patient_is_billed_all_the_same(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    await api.owner.execute(
        "update patient set archived_at = now(), status = 'archived' where patient_id = $1", patient_id
    )

    assert (await make.invoice(api, patient_id))["status"] == "issued"


async def test_only_those_who_bill_may_write(api: Api) -> None:
    body = {"patient_id": 1, "lines": []}
    for client in (api.doctor, api.assistant, api.patient):
        problem(await client.post("/invoices", json=body), 403, "forbidden")
    problem(await api.anonymous.post("/invoices", json=body), 401, "unauthenticated")
    problem(await api.assistant.get("/invoices/1"), 403, "forbidden")
    problem(await api.doctor.get("/invoices/1"), 404, "not_found")
