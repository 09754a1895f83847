"""POST /invoices/{invoice_id}/issue and …/void."""

import asyncio

import asyncpg
import pytest

from tests import make
from tests.api import Api, problem


async def year(api: Api) -> str:
    found: str = await api.owner.fetchval("select to_char(now() at time zone timezone, 'YYYY') from clinic_settings")
    return found


async def test_issuing_gives_the_number_and_the_clinics_day(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    await api.owner.execute("update clinic_settings set timezone = 'Pacific/Kiritimati'")
    draft = await make.draft(api, patient_id)

    answer = await api.receptionist.post(f"/invoices/{draft['invoice_id']}/issue")

    issued = answer.json()
    day = await api.owner.fetchval("select (now() at time zone 'Pacific/Kiritimati')::date")
    assert answer.status_code == 200
    assert issued == {
        **draft,
        "number": f"{await year(api)}-000001",
        "status": "issued",
        "issued_on": day.isoformat(),
        "updated_at": issued["updated_at"],
        "created_at": issued["created_at"],
        "version": 2,
    }


async def test_issuing_again_changes_nothing(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    issued = await make.invoice(api, patient_id)
    path = f"/invoices/{issued['invoice_id']}"

    again = await api.admin.post(f"{path}/issue")
    await make.payment(api, patient_id, "100.00", (issued["invoice_id"], "100.00"))
    paid = await api.admin.post(f"{path}/issue")

    assert (again.status_code, again.json()) == (200, issued)
    assert (paid.status_code, paid.json()["status"]) == (200, "paid")
    assert len(await api.audited(action="update", entity="invoice")) == 2


async def test_an_empty_one_is_422_and_takes_no_number(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    empty = (await api.admin.post("/invoices", json={"patient_id": patient_id, "lines": []})).json()

    problem(await api.admin.post(f"/invoices/{empty['invoice_id']}/issue"), 422, "empty")

    assert (await make.invoice(api, patient_id))["number"].endswith("-000001")


async def test_an_invoice_of_nothing_is_paid_when_issued(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]

    issued = await make.invoice(api, patient_id, "0.00")

    assert (issued["status"], issued["balance"]) == ("paid", "0.00")
    assert (await api.admin.post(f"/invoices/{issued['invoice_id']}/void")).json()["status"] == "void"


async def test_numbers_restart_each_year_and_grow_beyond_six_places(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    now = await year(api)
    await api.owner.execute("insert into invoice_counter values ($1, 999998), ($2, 41)", int(now), int(now) - 1)

    numbers = [(await make.invoice(api, patient_id))["number"] for _ in range(2)]

    assert numbers == [f"{now}-999999", f"{now}-1000000"]


async def test_many_issued_at_once_have_numbers_without_gap(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    drafts = [await make.draft(api, patient_id) for _ in range(6)]
    empty = (await api.admin.post("/invoices", json={"patient_id": patient_id, "lines": []})).json()

    answers = await asyncio.gather(
        *(api.admin.post(f"/invoices/{each['invoice_id']}/issue") for each in [*drafts, empty] * 3)
    )

    numbers = {answer.json()["number"] for answer in answers if answer.status_code == 200}
    now = await year(api)
    assert numbers == {f"{now}-{place:06}" for place in range(1, 7)}
    assert [answer.status_code for answer in answers].count(422) == 3


async def test_void_keeps_the_number_and_owes_nothing(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    issued = await make.invoice(api, patient_id)

    answer = await api.receptionist.post(f"/invoices/{issued['invoice_id']}/void")
    again = await api.receptionist.post(f"/invoices/{issued['invoice_id']}/void")

    void = answer.json()
    assert answer.status_code == 200
    assert void == {**issued, "status": "void", "balance": "0.00", "updated_at": void["updated_at"], "version": 3}
    assert (again.status_code, again.json()) == (200, void)
    assert (await make.invoice(api, patient_id))["number"].endswith("-000002")
    problem(await api.admin.post(f"/invoices/{issued['invoice_id']}/issue"), 409, "invalid_transition")


async def test_a_void_draft_never_gets_a_number(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    draft = await make.draft(api, patient_id)

    void = (await api.admin.post(f"/invoices/{draft['invoice_id']}/void")).json()

    assert (void["status"], void["number"]) == ("void", None)


async def test_void_with_payments_is_409_until_they_are_refunded(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    issued = await make.invoice(api, patient_id)
    payment = await make.payment(api, patient_id, "30.00", (issued["invoice_id"], "30.00"))

    refused = await api.admin.post(f"/invoices/{issued['invoice_id']}/void")
    await api.admin.post(f"/payments/{payment['payment_id']}/refund")
    void = await api.admin.post(f"/invoices/{issued['invoice_id']}/void")

    problem(refused, 409, "has_payments")
    assert void.json()["status"] == "void"


@pytest.mark.parametrize("action", ["issue", "void"])
async def test_permission_404_and_if_match(api: Api, action: str) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    draft = await make.draft(api, patient_id)
    path = f"/invoices/{draft['invoice_id']}"

    problem(await api.doctor.post(f"{path}/{action}"), 403, "forbidden")
    problem(await api.admin.post(f"/invoices/12345/{action}"), 404, "not_found")
    problem(await api.admin.post(f"{path}/{action}", headers={"If-Match": '"7-x"'}), 412, "version_mismatch")

    assert (await api.admin.get(path)).json() == draft


@pytest.mark.parametrize(
    "statement",
    [
        "update invoice set number = '1'",
        "update invoice set due_on = now()",
        "update invoice set subtotal = 1, total = 1",
        "update invoice set status = 'draft'",
        "update invoice set paid = 100",
        "update invoice set status = 'paid'",
        "update invoice set paid = 101, status = 'paid'",
        "delete from invoice_line",
        "insert into invoice_line (invoice_id, place, description, quantity, unit_price) values (1, 9, 'x', 1, 0)",
    ],
)
async def test_the_database_refuses_to_change_an_issued_invoice(api: Api, statement: str) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    issued = await make.invoice(api, patient_id)

    with pytest.raises(asyncpg.PostgresError):
        await api.owner.execute(statement)

    assert (await api.admin.get(f"/invoices/{issued['invoice_id']}")).json() == issued


async def test_the_services_role_can_neither_delete_nor_rewrite_bills(api: Api) -> None:
    tables = ("invoice", "payment", "payment_allocation", "payment_refund", "invoice_counter")
    rights = await api.owner.fetch(
        """
        select name, has_table_privilege('dcms_app', name, 'delete') as deletes,
            has_column_privilege('dcms_app', 'payment', 'amount', 'update') as rewrites
        from unnest($1::text[]) as name
        """,
        list(tables),
    )

    assert [(row["deletes"], row["rewrites"]) for row in rights] == [(False, False)] * len(tables)
