"""GET /invoices."""

from datetime import date, timedelta

from tests import make
from tests.api import Api, bad_fields, problem


async def ids(api: Api, query: str) -> list[int]:
    answer = await api.doctor.get(f"/invoices?{query}")
    assert answer.status_code == 200, answer.text
    return [invoice["invoice_id"] for invoice in answer.json()["items"]]


async def test_pages_hold_every_invoice_once_newest_first(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    made = [await make.draft(api, patient_id) for _ in range(3)]

    first = (await api.receptionist.get("/invoices?limit=2")).json()
    second = (await api.receptionist.get("/invoices", params={"limit": 2, "cursor": first["next_cursor"]})).json()

    assert first["items"] + second["items"] == made[::-1]
    assert second["next_cursor"] is None


async def test_filters_by_patient_and_status(api: Api) -> None:
    anna = (await make.patient(api))["patient_id"]
    bert = (await make.patient(api))["patient_id"]
    draft = (await make.draft(api, anna))["invoice_id"]
    issued = (await make.invoice(api, anna))["invoice_id"]
    of_bert = (await make.invoice(api, bert, "0"))["invoice_id"]

    assert await ids(api, f"patient_id={anna}") == [issued, draft]
    assert await ids(api, "status=draft&status=paid") == [of_bert, draft]
    assert await ids(api, f"patient_id={bert}&status=issued") == []


async def test_filters_by_the_day_or_time_of_issue(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    await make.draft(api, patient_id)
    issued = await make.invoice(api, patient_id)
    day = date.fromisoformat(issued["issued_on"])
    before, after = day - timedelta(days=1), day + timedelta(days=1)

    assert await ids(api, f"from={day}&to={day}") == [issued["invoice_id"]]
    assert await ids(api, f"from={after}") == []
    assert await ids(api, f"to={before}") == []
    assert await ids(api, f"from={day}T00:00:00Z&to={after}T00:00:00Z") == [issued["invoice_id"]]
    assert await ids(api, f"to={day}T00:00:00Z") == []
    assert await ids(api, f"from={after}T00:00:00Z") == []


async def test_every_bad_parameter_is_named(api: Api) -> None:
    answer = await api.admin.get("/invoices?status=open&patient_id=x&limit=0&size=1")
    times = await api.admin.get("/invoices?from=2026-02-30&to=2026-11-22T10:00:00")

    assert bad_fields(answer) == {"status", "patient_id", "limit", "size"}
    assert bad_fields(times) == {"from", "to"}


async def test_a_patients_login_sees_his_own_without_drafts(api: Api) -> None:
    own = (await make.patient(api))["patient_id"]
    other = (await make.patient(api))["patient_id"]
    issued = await make.invoice(api, own)
    draft = await make.draft(api, own)
    void_draft = await make.draft(api, own)
    await api.admin.post(f"/invoices/{void_draft['invoice_id']}/void")
    of_other = await make.invoice(api, other)
    client = await api.own_patient(own)

    assert (await client.get("/invoices")).json()["items"] == [issued]
    assert (await client.get(f"/invoices?patient_id={own}&status=draft")).json()["items"] == []
    assert (await client.get(f"/invoices/{issued['invoice_id']}")).json() == issued
    problem(await client.get(f"/invoices?patient_id={other}"), 403, "forbidden")
    for invoice_id in (draft["invoice_id"], void_draft["invoice_id"], of_other["invoice_id"], 12345):
        problem(await client.get(f"/invoices/{invoice_id}"), 403, "forbidden")
    problem(await client.post(f"/invoices/{issued['invoice_id']}/void"), 403, "forbidden")


async def test_an_assistant_may_not_read_bills(api: Api) -> None:
    for path in ("/invoices", "/payments", "/patients/1/balance"):
        problem(await api.assistant.get(path), 403, "forbidden")
        problem(await api.anonymous.get(path), 401, "unauthenticated")
