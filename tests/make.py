"""Makes what tests need, through the service where it has an endpoint for it."""

import itertools
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from tests.api import Api


async def patient(api: Api, **fields: Any) -> dict[str, Any]:
    """A patient, as GET shows him."""
    answer = await api.admin.post("/patients", json={"first_name": "Anna", "last_name": "Müller", **fields})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    del body["possible_duplicates"]
    return body


async def holder(api: Api, number: str = "+491712345678", **fields: Any) -> tuple[int, int]:
    """A patient who holds a number: his id, and his hold's."""
    added = await patient(api, phone_numbers=[{"number": number}], **fields)
    hold = await api.owner.fetchval(
        "select phone_number_id from patient_phone where patient_id = $1", added["patient_id"]
    )
    return added["patient_id"], hold


async def sms(api: Api, phone_number_id: int, **fields: Any) -> dict[str, Any]:
    """A message to a number."""
    body = fields or {"text": "Hello"}
    answer = await api.receptionist.post(f"/phone_numbers/{phone_number_id}/sms", json=body)
    assert answer.status_code == 201, answer.text
    message: dict[str, Any] = answer.json()
    return message


async def template(api: Api, name: str = "recall", text: str = "Dear {{patient.first_name}}", **fields: Any) -> int:
    """A template."""
    answer = await api.receptionist.post("/sms/templates", json={"name": name, "text": text, **fields})
    assert answer.status_code == 201, answer.text
    template_id: int = answer.json()["template_id"]
    return template_id


async def _made(api: Api, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await api.admin.post(path, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def position(api: Api, name: str = "Dentist", **fields: Any) -> dict[str, Any]:
    """A position."""
    return await _made(api, "/positions", {"name": name, **fields})


async def chair(api: Api, name: str = "Chair 1") -> dict[str, Any]:
    """A chair."""
    return await _made(api, "/chairs", {"name": name})


async def service(api: Api, code: str = "D2391", **fields: Any) -> dict[str, Any]:
    """A service."""
    body = {"code": code, "name": "Filling", "service_type": "restorative", "duration_min": 30, "price": "80.00"}
    return await _made(api, "/services", body | fields)


def line(unit_price: str = "100.00", **fields: Any) -> dict[str, Any]:
    """A line of an invoice, written by hand."""
    return {"description": "Filling", "quantity": 1, "unit_price": unit_price, **fields}


async def draft(api: Api, patient_id: int, *prices: str, **fields: Any) -> dict[str, Any]:
    """A draft of an invoice with a line for each price; of 100.00 if none is named."""
    lines = [line(price) for price in prices or ("100.00",)]
    return await _made(api, "/invoices", {"patient_id": patient_id, "lines": lines, **fields})


async def invoice(api: Api, patient_id: int, *prices: str, **fields: Any) -> dict[str, Any]:
    """An issued invoice."""
    drafted = await draft(api, patient_id, *prices, **fields)
    answer = await api.admin.post(f"/invoices/{drafted['invoice_id']}/issue")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def payment(api: Api, patient_id: int, amount: str, *invoices: tuple[int, str], **fields: Any) -> dict[str, Any]:
    """A payment, for these amounts of these invoices."""
    allocations = [{"invoice_id": invoice_id, "amount": part} for invoice_id, part in invoices]
    body = {"patient_id": patient_id, "amount": amount, "method": "card", "allocations": allocations}
    return await _made(api, "/payments", body | fields)


async def doctor(api: Api, **fields: Any) -> int:
    """A bookable employee; his id."""
    given = {"first_name": "Eva", "last_name": "Braun", "title": "Dr.", "is_bookable": True, **fields}
    return await _insert(api, "employee", "employee_id", given)


async def calendar_feed(api: Api, employee_id: int, **fields: Any) -> dict[str, Any]:
    """A feed of a doctor's calendar, with its link."""
    return await _made(api, f"/doctors/{employee_id}/calendar_feeds", fields)


async def chair_id(api: Api, **fields: Any) -> int:
    """Any chair's id."""
    return await _insert(api, "chair", "chair_id", {"name": f"Chair {next(_numbers)}", **fields})


async def service_id(api: Api, **fields: Any) -> int:
    """Any service's id."""
    number = next(_numbers)
    given = {
        "code": f"S{number}",
        "name": "Filling",
        "service_type": "restorative",
        "duration_min": 30,
        "price": Decimal("80.00"),
        "display_number": number,
    }
    return await _insert(api, "service_catalog", "service_id", {**given, **fields})


async def working_hours(api: Api, doctor_id: int, *hours: tuple[int, str, str], **fields: Any) -> None:
    """A doctor's own hours: (weekday, opens, closes)."""
    for weekday, opens, closes in hours:
        await api.owner.execute(
            """
            insert into working_hours (employee_id, weekday, opens, closes, valid_from, valid_to)
            values ($1, $2, $3::text::time, $4::text::time, $5, $6)
            """,
            doctor_id,
            weekday,
            opens,
            closes,
            fields.get("valid_from"),
            fields.get("valid_to"),
        )


async def settings(api: Api, **fields: Any) -> None:
    """Set the clinic's settings, and let the service know of them."""
    columns = ", ".join(f"{name} = ${number}" for number, name in enumerate(fields, 1))
    await api.owner.execute(f"update clinic_settings set {columns}", *fields.values())
    await api.services.watch.read()


def workday(hour: int = 9, minute: int = 0, *, day: int = 0, zone: str = "UTC") -> datetime:
    """A time on the Monday of the week after next, or some days later, when a clinic is open by default."""
    today = datetime.now(ZoneInfo(zone)).date()
    monday = today + timedelta(days=14 - today.weekday() + day)
    return datetime.combine(monday, time(hour, minute), ZoneInfo(zone))


async def appointment(api: Api, **fields: Any) -> dict[str, Any]:
    """An appointment, with a patient and a doctor of its own unless they are given."""
    given = {"starts_at": workday(), **fields}
    if "patient_id" not in given:
        given["patient_id"] = (await patient(api))["patient_id"]
    if "doctor_id" not in given:
        given["doctor_id"] = await doctor(api)
    answer = await api.doctor.post("/appointments", json=jsonable(given))
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def jsonable(fields: dict[str, Any]) -> dict[str, Any]:
    """A body with its times written as JSON has them."""
    body: dict[str, Any] = msgspec.to_builtins(fields)
    return body


async def _insert(api: Api, table: str, key: str, fields: dict[str, Any]) -> int:
    columns = ", ".join(fields)
    values = ", ".join(f"${number}" for number in range(1, len(fields) + 1))
    made: int = await api.owner.fetchval(
        f"insert into {table} ({columns}) values ({values}) returning {key}", *fields.values()
    )
    return made


_numbers = itertools.count(1)


async def employee(api: Api, **fields: Any) -> dict[str, Any]:
    """An employee."""
    return await _made(api, "/employees", {"first_name": "Erik", "last_name": "Zahn", **fields})


async def user(api: Api, username: str, *roles: str, **fields: Any) -> dict[str, Any]:
    """A user; without a password nobody can log in as him."""
    body = {"username": username, "display_name": username.title(), "roles": roles or ["doctor"]}
    return await _made(api, "/users", body | fields)
