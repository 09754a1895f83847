"""POST /payments/{payment_id}/refund."""

import asyncio
from decimal import Decimal

from tests import make
from tests.api import Api, bad_fields, problem


async def test_a_refund_takes_what_is_unallocated_then_the_newest_allocations(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    first, second = [(await make.invoice(api, patient_id, "40.00"))["invoice_id"] for _ in range(2)]
    payment = await make.payment(api, patient_id, "100.00", (second, "40.00"), (first, "40.00"))
    path = f"/payments/{payment['payment_id']}"

    async def left() -> dict[int, str]:
        found = (await api.admin.get(path)).json()["allocations"]
        return {each["invoice_id"]: each["amount"] for each in found}

    answer = await api.receptionist.post(f"{path}/refund", json={"amount": "15", "reason": "overpaid"})
    assert (answer.status_code, answer.json()) == (200, {**payment, "refunded": "15.00"})

    answer = await api.receptionist.post(f"{path}/refund", json={"amount": "10.00"})
    assert await left() == {second: "40.00", first: "35.00"}
    assert (await api.admin.get(f"/invoices/{first}")).json()["status"] == "issued"

    answer = await api.receptionist.post(f"{path}/refund", json={"amount": "45.00"})
    assert await left() == {second: "30.00"}
    assert answer.json()["refunded"] == "70.00"
    assert (await api.admin.get(f"/invoices/{second}")).json()["balance"] == "10.00"

    answer = await api.receptionist.post(f"{path}/refund")
    assert await left() == {}
    assert answer.json()["refunded"] == "100.00"
    assert len(await api.audited(action="create", entity="payment_refund")) == 4


async def test_refunding_everything_again_changes_nothing(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    payment = await make.payment(api, patient_id, "10.00")
    path = f"/payments/{payment['payment_id']}/refund"

    first = await api.admin.post(path)
    again = await api.admin.post(path, json={})

    assert (again.status_code, again.json()) == (200, first.json())
    assert await api.owner.fetchval("select count(*) from payment_refund") == 1
    problem(await api.admin.post(path, json={"amount": "0.01"}), 409, "over_refunded")


async def test_more_than_is_left_is_409(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    payment = await make.payment(api, patient_id, "10.00")
    path = f"/payments/{payment['payment_id']}"
    await api.admin.post(f"{path}/refund", json={"amount": "4.00"})

    answer = await api.admin.post(f"{path}/refund", json={"amount": "6.01"})

    assert problem(answer, 409, "over_refunded")["errors"][0]["field"] == "amount"
    assert (await api.admin.get(path)).json()["refunded"] == "4.00"


async def test_what_was_refunded_cannot_be_allocated(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    invoice_id = (await make.invoice(api, patient_id, "10.00"))["invoice_id"]
    payment = await make.payment(api, patient_id, "10.00")
    path = f"/payments/{payment['payment_id']}"
    await api.admin.post(f"{path}/refund", json={"amount": "4.00"})

    answer = await api.admin.post(
        f"{path}/allocate", json={"allocations": [{"invoice_id": invoice_id, "amount": "6.01"}]}
    )

    problem(answer, 409, "over_allocated")


async def test_refunds_at_once_never_exceed_the_payment(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    invoice_id = (await make.invoice(api, patient_id, "10.00"))["invoice_id"]
    payment = await make.payment(api, patient_id, "10.00", (invoice_id, "10.00"))

    answers = await asyncio.gather(
        *(api.admin.post(f"/payments/{payment['payment_id']}/refund", json={"amount": "3.00"}) for _ in range(8))
    )

    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [409] * 5
    assert await api.owner.fetchval("select sum(amount) from payment_refund") == Decimal("9.00")
    assert (await api.admin.get(f"/invoices/{invoice_id}")).json()["paid"] == "1.00"


async def test_bad_fields_permission_and_404(api: Api) -> None:
    bad = await api.admin.post("/payments/1/refund", json={"amount": "0", "reason": 7, "x": 1})

    assert bad_fields(bad) == {"amount", "reason", "x"}
    problem(await api.admin.post("/payments/1/refund"), 404, "not_found")
    problem(await api.doctor.post("/payments/1/refund"), 403, "forbidden")
