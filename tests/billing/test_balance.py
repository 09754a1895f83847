"""GET /patients/{patient_id}/balance."""

from datetime import date, timedelta

from tests import make
from tests.api import Api, problem

NOTHING = {
    "charges": "0.00",
    "payments": "0.00",
    "refunds": "0.00",
    "balance": "0.00",
    "unallocated": "0.00",
    "aging": {"current": "0.00", "d30": "0.00", "d60": "0.00", "d90": "0.00"},
}


async def test_without_bills_everything_is_nothing(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    await make.draft(api, patient_id)

    answer = await api.doctor.get(f"/patients/{patient_id}/balance")

    assert (answer.status_code, answer.json()) == (200, NOTHING)


async def test_charges_payments_refunds_and_what_is_unallocated(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    await make.invoice(api, (await make.patient(api))["patient_id"])
    invoice = await make.invoice(api, patient_id, "100.00")
    void = await make.invoice(api, patient_id, "7.00")
    await api.admin.post(f"/invoices/{void['invoice_id']}/void")
    payment = await make.payment(api, patient_id, "70.00", (invoice["invoice_id"], "50.00"))
    await api.admin.post(f"/payments/{payment['payment_id']}/refund", json={"amount": "5.00"})

    answer = await api.receptionist.get(f"/patients/{patient_id}/balance")

    assert answer.json() == {
        "charges": "100.00",
        "payments": "70.00",
        "refunds": "5.00",
        "balance": "35.00",
        "unallocated": "15.00",
        "aging": {"current": "50.00", "d30": "0.00", "d60": "0.00", "d90": "0.00"},
    }


async def test_ageing_counts_the_days_past_due(api: Api) -> None:
    await api.owner.execute("update clinic_settings set timezone = 'Pacific/Kiritimati'")
    today: date = await api.owner.fetchval("select (now() at time zone 'Pacific/Kiritimati')::date")
    patient_id = (await make.patient(api))["patient_id"]
    prices = {-1: "1", 0: "2", 1: "4", 30: "8", 31: "16", 60: "32", 61: "64", 900: "128"}
    for days, price in prices.items():
        await make.invoice(api, patient_id, price, due_on=(today - timedelta(days=days)).isoformat())
    await make.invoice(api, patient_id, "256")

    answer = await api.doctor.get(f"/patients/{patient_id}/balance")

    assert answer.json()["aging"] == {"current": "259.00", "d30": "12.00", "d60": "48.00", "d90": "192.00"}


async def test_without_a_due_day_the_day_of_issue_counts(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    await make.invoice(api, patient_id, "10.00")
    async with api.owner.transaction():
        await api.owner.execute("alter table invoice disable trigger keep_issued")
        await api.owner.execute("update invoice set issued_on = issued_on - 45")
        await api.owner.execute("alter table invoice enable trigger keep_issued")

    answer = await api.doctor.get(f"/patients/{patient_id}/balance")

    assert answer.json()["aging"]["d60"] == "10.00"


async def test_a_patients_login_reads_his_own_only(api: Api) -> None:
    own = (await make.patient(api))["patient_id"]
    other = (await make.patient(api))["patient_id"]
    client = await api.own_patient(own)

    assert (await client.get(f"/patients/{own}/balance")).json() == NOTHING
    for patient_id in (other, 12345):
        problem(await client.get(f"/patients/{patient_id}/balance"), 403, "forbidden")
    problem(await api.doctor.get("/patients/12345/balance"), 404, "not_found")
