"""GET /patients/{patient_id}/summary."""

from typing import Any

from tests import make
from tests.api import Api, problem
from tests.patients.rows import appointment

NOTHING = {"appointments": 0, "treatments": 0, "messages": 0, "calls": 0, "no_shows": 0}


async def summary(client: Any, patient_id: int) -> dict[str, Any]:
    """What a caller sees."""
    answer = await client.get(f"/patients/{patient_id}/summary")
    assert answer.status_code == 200, answer.text
    seen: dict[str, Any] = answer.json()
    return seen


async def full(api: Api) -> int:
    """A patient with something of each kind."""
    patient_id, phone_number_id = await make.holder(api, note="for staff", alerts=["latex"])
    await make.holder(api)
    for starts_in_h, status in (
        (-72, "no_show"),
        (-48, "finished"),
        (-24, "cancelled"),
        (24, "cancelled"),
        (48, "confirmed"),
        (72, "booked"),
    ):
        await appointment(api, patient_id, starts_in_h, status)
    for number in range(7):
        await make.sms(api, phone_number_id, text=f"Message {number}")
    await api.admin.post("/calls", json={"number": "0171 2345678", "direction": "in"})
    invoice = await make.invoice(api, patient_id, "100.00", "20.50")
    await make.payment(api, patient_id, "50.00", (invoice["invoice_id"], "50.00"))
    return patient_id


async def test_a_new_patient_has_nothing_yet(api: Api) -> None:
    patient = await make.patient(api)

    assert await summary(api.admin, patient["patient_id"]) == {
        "patient": patient,
        "phone_numbers": [],
        "alerts": [],
        "next_appointment": None,
        "last_appointment": None,
        "balance": "0.00",
        "counts": NOTHING,
        "recent_messages": [],
    }


async def test_everything_is_there_as_its_own_endpoint_shows_it(api: Api) -> None:
    await make.settings(api, timezone="Asia/Kathmandu")
    patient_id = await full(api)

    seen = await summary(api.receptionist, patient_id)

    ids = [row["appointment_id"] for row in await api.owner.fetch("select * from appointment order by starts_at")]
    messages = (await api.admin.get(f"/patients/{patient_id}/sms?limit=5")).json()["items"]
    assert seen == {
        "patient": (await api.admin.get(f"/patients/{patient_id}")).json(),
        "phone_numbers": (await api.admin.get(f"/patients/{patient_id}/phone_numbers")).json()["items"],
        "alerts": ["latex"],
        "next_appointment": (await api.admin.get(f"/appointments/{ids[4]}")).json(),
        "last_appointment": (await api.admin.get(f"/appointments/{ids[1]}")).json(),
        "balance": "70.50",
        "counts": {"appointments": 6, "treatments": 0, "messages": 7, "calls": 1, "no_shows": 1},
        "recent_messages": messages,
    }
    assert seen["next_appointment"]["starts_at"].endswith("+05:45")
    assert [message["text"] for message in messages] == [f"Message {number}" for number in (6, 5, 4, 3, 2)]


async def test_a_balance_of_any_size_is_shown(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    lines = [{"description": "x", "quantity": 1000, "unit_price": "999999999.99"}] * 3
    draft = (await api.admin.post("/invoices", json={"patient_id": patient_id, "lines": lines})).json()
    assert (await api.admin.post(f"/invoices/{draft['invoice_id']}/issue")).status_code == 200

    summary, balance = [
        (await api.admin.get(f"/patients/{patient_id}/{page}")).json()["balance"] for page in ("summary", "balance")
    ]
    assert summary == balance == "2999999999970.00"


async def test_what_the_caller_may_not_read_is_null_or_empty(api: Api) -> None:
    patient_id = await full(api)
    own = await api.own_patient(patient_id)

    by_assistant = await summary(api.assistant, patient_id)
    by_patient = await summary(own, patient_id)

    assert by_assistant["balance"] is None
    assert by_assistant["counts"]["messages"] == 7
    assert by_patient["balance"] == "70.50"
    assert by_patient["counts"] == {"appointments": 6, "treatments": 0, "messages": None, "calls": None, "no_shows": 1}
    assert by_patient["recent_messages"] == []
    assert by_patient["patient"]["note"] is None
    assert by_patient["next_appointment"]["note"] is None
    assert [number["shared_with"] for number in by_patient["phone_numbers"]] == [[]]


async def test_permission_audit_and_what_names_nothing(api: Api) -> None:
    own, other = (await make.patient(api))["patient_id"], (await make.patient(api))["patient_id"]
    client = await api.own_patient(own)

    problem(await client.get(f"/patients/{other}/summary"), 403, "forbidden")
    problem(await client.get("/patients/12345/summary"), 403, "forbidden")
    problem(await api.admin.get("/patients/12345/summary"), 404, "not_found")
    problem(await api.anonymous.get(f"/patients/{own}/summary"), 401, "unauthenticated")
    await summary(api.doctor, other)
    assert len(await api.audited(action="read", patient_id=other, actor_id=api.user_ids["doctor"])) == 1
