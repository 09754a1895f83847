"""POST and GET /payments, …/allocate."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from tests import make
from tests.api import Api, bad_fields, problem


async def show(api: Api, invoice: dict[str, Any]) -> tuple[str, str, str]:
    found = (await api.admin.get(f"/invoices/{invoice['invoice_id']}")).json()
    return found["status"], found["paid"], found["balance"]


async def test_a_payment_answers_201_and_pays_its_invoices(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    first = await make.invoice(api, patient_id, "100.00")
    second = await make.invoice(api, patient_id, "50.00")

    answer = await api.receptionist.post(
        "/payments",
        json={
            "patient_id": patient_id,
            "amount": "130",
            "method": "transfer",
            "received_at": "2026-01-02T10:00:00+01:00",
            "reference": " RF18 ",
            "note": "",
            "allocations": [
                {"invoice_id": second["invoice_id"], "amount": "20.00"},
                {"invoice_id": first["invoice_id"], "amount": "100.00"},
            ],
        },
    )

    payment = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/payments/{payment['payment_id']}"
    assert payment == {
        "payment_id": payment["payment_id"],
        "patient_id": patient_id,
        "amount": "130.00",
        "method": "transfer",
        "received_at": "2026-01-02T09:00:00Z",
        "reference": "RF18",
        "note": None,
        "allocations": [
            {"invoice_id": second["invoice_id"], "amount": "20.00"},
            {"invoice_id": first["invoice_id"], "amount": "100.00"},
        ],
        "refunded": "0.00",
        "created_at": payment["created_at"],
    }
    assert (await api.doctor.get(f"/payments/{payment['payment_id']}")).json() == payment
    assert await show(api, first) == ("paid", "100.00", "0.00")
    assert await show(api, second) == ("issued", "20.00", "30.00")
    assert len(await api.audited(action="create", entity="payment")) == 1
    assert len(await api.audited(action="create", entity="payment_allocation")) == 2


async def test_the_rest_can_be_allocated_later(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    invoice = await make.invoice(api, patient_id, "100.00")
    payment = await make.payment(api, patient_id, "100.00")
    path = f"/payments/{payment['payment_id']}/allocate"

    first = await api.receptionist.post(
        path, json={"allocations": [{"invoice_id": invoice["invoice_id"], "amount": "40"}]}
    )
    second = await api.receptionist.post(
        path, json={"allocations": [{"invoice_id": invoice["invoice_id"], "amount": "60.00"}]}
    )

    assert first.status_code == 200
    assert first.json()["allocations"] == [{"invoice_id": invoice["invoice_id"], "amount": "40.00"}]
    assert second.json()["allocations"] == [{"invoice_id": invoice["invoice_id"], "amount": "100.00"}]
    assert await show(api, invoice) == ("paid", "100.00", "0.00")


async def test_too_much_is_409_and_leaves_nothing(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    invoice = await make.invoice(api, patient_id, "100.00")
    invoice_id = invoice["invoice_id"]
    other_id = (await make.invoice(api, patient_id, "100.00"))["invoice_id"]

    for amount, parts in (
        ("50.00", [(invoice_id, "50.01")]),
        ("500.00", [(invoice_id, "100.01")]),
        ("150.00", [(invoice_id, "100.00"), (other_id, "50.01")]),
        ("500.00", [(invoice_id, "60.00"), (invoice_id, "40.01")]),
    ):
        allocations = [{"invoice_id": each, "amount": part} for each, part in parts]
        body = {"patient_id": patient_id, "amount": amount, "method": "cash", "allocations": allocations}
        answer = await api.admin.post("/payments", json=body)
        assert problem(answer, 409, "over_allocated")["errors"][0]["field"] == "allocations"

    assert await api.owner.fetchval("select count(*) from payment") == 0
    assert await show(api, invoice) == ("issued", "0.00", "100.00")


async def test_only_issued_invoices_of_the_same_patient_can_be_paid(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    other_id = (await make.patient(api))["patient_id"]
    own = await make.invoice(api, patient_id)
    draft = await make.draft(api, patient_id)
    void = await make.invoice(api, patient_id)
    await api.admin.post(f"/invoices/{void['invoice_id']}/void")
    of_other = await make.invoice(api, other_id)
    payment = await make.payment(api, patient_id, "100.00")

    async def allocate(invoice_id: int) -> Any:
        allocations = [{"invoice_id": each, "amount": "1"} for each in (own["invoice_id"], invoice_id)]
        return await api.admin.post(f"/payments/{payment['payment_id']}/allocate", json={"allocations": allocations})

    for invoice_id in (of_other["invoice_id"], 12345):
        refused = problem(await allocate(invoice_id), 422, "unknown_reference")
        assert refused["errors"][0]["field"] == "allocations[1].invoice_id"
    for invoice_id in (draft["invoice_id"], void["invoice_id"]):
        refused = problem(await allocate(invoice_id), 409, "invalid_transition")
        assert refused["errors"][0]["field"] == "allocations[1].invoice_id"
    assert await show(api, own) == ("issued", "0.00", "100.00")
    assert (await api.admin.get(f"/payments/{payment['payment_id']}")).json() == payment


async def test_allocating_at_once_never_exceeds_payment_or_invoice(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    invoice = await make.invoice(api, patient_id, "100.00")
    payments = [await make.payment(api, patient_id, "30.00") for _ in range(3)]

    answers = await asyncio.gather(
        *(
            api.admin.post(
                f"/payments/{payment['payment_id']}/allocate",
                json={"allocations": [{"invoice_id": invoice["invoice_id"], "amount": "20.00"}]},
            )
            for payment in payments * 3
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [409] * 6
    assert await show(api, invoice) == ("issued", "60.00", "40.00")


async def test_paying_and_voiding_at_once_is_one_or_the_other(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    for _ in range(5):
        invoice_id = (await make.invoice(api, patient_id, "10.00"))["invoice_id"]

        paying, voiding = await asyncio.gather(
            api.admin.post(
                "/payments",
                json={
                    "patient_id": patient_id,
                    "amount": "10",
                    "method": "cash",
                    "allocations": [{"invoice_id": invoice_id, "amount": "10"}],
                },
            ),
            api.admin.post(f"/invoices/{invoice_id}/void"),
        )

        assert (paying.status_code, voiding.status_code) in {(201, 409), (409, 200)}


async def test_bad_fields_are_named_and_nothing_is_stored(api: Api) -> None:
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    answer = await api.admin.post(
        "/payments",
        json={
            "amount": "0.00",
            "method": "shells",
            "received_at": later,
            "reference": "x" * 101,
            "refunded": "1.00",
            "allocations": [{"invoice_id": 1, "amount": "-1"}, {"amount": 5}],
        },
    )

    assert bad_fields(answer) == {
        "patient_id",
        "amount",
        "method",
        "received_at",
        "reference",
        "refunded",
        "allocations[0].amount",
        "allocations[1].invoice_id",
        "allocations[1].amount",
    }
    assert bad_fields(await api.admin.post("/payments/1/allocate", json={"allocations": []})) == {"allocations"}
    assert bad_fields(await api.admin.post("/payments/1/allocate")) == {""}
    assert await api.owner.fetchval("select count(*) from payment") == 0


async def test_what_is_unknown_is_refused(api: Api) -> None:
    target = (await make.patient(api))["patient_id"]
    source = (await make.patient(api))["patient_id"]
    await api.owner.execute(
        "update patient set merged_into = $1, status = 'merged' where patient_id = $2", target, source
    )
    body = {"amount": "1", "method": "cash"}

    unknown = await api.admin.post("/payments", json={"patient_id": 12345, **body})
    merged = await api.admin.post("/payments", json={"patient_id": source, **body})
    allocations = {"allocations": [{"invoice_id": 1, "amount": "1"}]}

    assert problem(unknown, 422, "unknown_reference")["errors"][0]["field"] == "patient_id"
    assert problem(merged, 409, "merged")["merged_into"] == target
    problem(await api.admin.get("/payments/1"), 404, "not_found")
    problem(await api.admin.post("/payments/1/allocate", json=allocations), 404, "not_found")
    problem(await api.doctor.post("/payments", json={"patient_id": target, **body}), 403, "forbidden")
    problem(await api.doctor.post("/payments/1/allocate", json=allocations), 403, "forbidden")


async def test_the_same_key_takes_the_money_once(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    body = {"patient_id": patient_id, "amount": "10", "method": "cash"}

    answers = [await api.admin.post("/payments", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert await api.owner.fetchval("select sum(amount) from payment") == 10


async def test_payments_are_listed_the_last_received_first(api: Api) -> None:
    anna = (await make.patient(api))["patient_id"]
    bert = (await make.patient(api))["patient_id"]
    old = await make.payment(api, anna, "1", received_at="2026-01-01T00:00:00Z", method="cash")
    new = await make.payment(api, anna, "2", received_at="2026-01-03T00:00:00Z", method="insurance")
    other = await make.payment(api, bert, "3", received_at="2026-01-02T00:00:00Z", method="other")

    async def listed(query: str) -> list[dict[str, Any]]:
        answer = await api.doctor.get(f"/payments?{query}")
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    assert await listed("") == [new, other, old]
    assert await listed(f"patient_id={anna}") == [new, old]
    assert await listed("method=cash&method=other") == [other, old]
    assert await listed("from=2026-01-02T00:00:00Z&to=2026-01-03T00:00:00Z") == [other]
    page = (await api.doctor.get("/payments?limit=1")).json()
    rest = (await api.doctor.get("/payments", params={"cursor": page["next_cursor"]})).json()
    assert page["items"] + rest["items"] == [new, other, old]
    assert bad_fields(await api.doctor.get("/payments?method=x&from=2026-01-01&to=x")) == {"method", "from", "to"}


async def test_a_patients_login_sees_his_own_without_notes(api: Api) -> None:
    own = (await make.patient(api))["patient_id"]
    other = (await make.patient(api))["patient_id"]
    payment = await make.payment(api, own, "10", note="for staff")
    of_other = await make.payment(api, other, "10")
    client = await api.own_patient(own)

    assert (await client.get("/payments")).json()["items"] == [{**payment, "note": None}]
    assert (await client.get(f"/payments/{payment['payment_id']}")).json() == {**payment, "note": None}
    problem(await client.get(f"/payments/{of_other['payment_id']}"), 403, "forbidden")
    problem(await client.get(f"/payments?patient_id={other}"), 403, "forbidden")
    problem(await client.post("/payments", json={}), 403, "forbidden")
    problem(await client.post(f"/payments/{payment['payment_id']}/refund"), 403, "forbidden")
