"""PATCH /invoices/{invoice_id}."""

from tests import make
from tests.api import Api, bad_fields, problem


async def test_lines_are_replaced_as_a_whole(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    draft = await make.draft(api, patient_id, "10.00", "20.00", due_on="2026-12-01")

    answer = await api.receptionist.patch(
        f"/invoices/{draft['invoice_id']}", json={"lines": [make.line("7.00", tax_rate="10"), make.line("1.00")]}
    )

    changed = answer.json()
    assert answer.status_code == 200
    assert [line["total"] for line in changed["lines"]] == ["7.00", "1.00"]
    assert (changed["subtotal"], changed["tax"], changed["total"], changed["balance"]) == (
        "8.00",
        "0.70",
        "8.70",
        "8.70",
    )
    assert (changed["due_on"], changed["version"]) == ("2026-12-01", 2)
    assert changed == (await api.admin.get(f"/invoices/{draft['invoice_id']}")).json()


async def test_absent_stays_and_null_clears(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    draft = await make.draft(api, patient_id, due_on="2026-12-01")
    path = f"/invoices/{draft['invoice_id']}"

    unchanged = (await api.admin.patch(path, json={})).json()
    cleared = (await api.admin.patch(path, json={"due_on": None})).json()
    both = (await api.admin.patch(path, json={"due_on": "2027-01-01", "lines": []})).json()

    assert unchanged == draft
    assert (cleared["due_on"], cleared["version"], cleared["lines"]) == (None, 2, draft["lines"])
    assert (both["due_on"], both["version"], both["lines"], both["total"]) == ("2027-01-01", 3, [], "0.00")


async def test_if_match_lets_only_the_version_named_through(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    path = f"/invoices/{(await make.draft(api, patient_id))['invoice_id']}"
    etag = (await api.admin.get(path)).headers["etag"]

    first = await api.admin.patch(path, json={"due_on": "2026-12-01"}, headers={"If-Match": etag})
    second = await api.admin.patch(path, json={"lines": []}, headers={"If-Match": etag})

    assert first.status_code == 200
    problem(second, 412, "version_mismatch")
    assert (await api.admin.get(path)).json() == first.json()


async def test_an_issued_or_void_invoice_is_409(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    issued = await make.invoice(api, patient_id)
    void = await make.draft(api, patient_id)
    await api.admin.post(f"/invoices/{void['invoice_id']}/void")

    for invoice_id in (issued["invoice_id"], void["invoice_id"]):
        answer = await api.admin.patch(f"/invoices/{invoice_id}", json={"due_on": "2026-12-01"})
        problem(answer, 409, "invalid_transition")
        problem(await api.admin.patch(f"/invoices/{invoice_id}", json={"lines": []}), 409, "invalid_transition")


async def test_bad_fields_are_named(api: Api) -> None:
    answer = await api.admin.patch("/invoices/1", json={"patient_id": 2, "number": "x", "lines": None, "due_on": "x"})

    assert bad_fields(answer) == {"patient_id", "number", "lines", "due_on"}
    problem(await api.admin.patch("/invoices/1", json={}), 404, "not_found")
    problem(await api.doctor.patch("/invoices/1", json={}), 403, "forbidden")
