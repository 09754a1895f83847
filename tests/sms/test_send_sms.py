"""POST /phone_numbers/{phone_number_id}/sms."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import make
from tests.api import Api, bad_fields, problem


async def jobs(api: Api) -> list[Any]:
    return [tuple(row) for row in await api.owner.fetch("select kind, payload->>'sms_id', lane from outbox")]


async def test_a_text_is_queued_as_it_is(api: Api) -> None:
    patient_id, hold = await make.holder(api)

    answer = await api.receptionist.post(f"/phone_numbers/{hold}/sms", json={"text": " Hi {{patient.first_name}} {{ "})

    message = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/sms/{message['sms_id']}"
    assert answer.headers["etag"].startswith('"1-')
    assert message == {
        "sms_id": message["sms_id"],
        "phone_number_id": hold,
        "patient_id": patient_id,
        "candidates": [],
        "e164": "+491712345678",
        "direction": "out",
        "text": "Hi {{patient.first_name}} {{",
        "status": "queued",
        "segments": 1,
        "encoding": "GSM-7",
        "template_id": None,
        "batch_id": None,
        "appointment_id": None,
        "provider": None,
        "provider_message_id": None,
        "error_code": None,
        "scheduled_for": None,
        "sent_at": None,
        "delivered_at": None,
        "received_at": None,
        "reviewed_at": None,
        "reviewed_by": None,
        "created_by": api.user_ids["receptionist"],
        "created_at": message["created_at"],
        "version": 1,
    }
    assert await jobs(api) == [("sms.send", str(message["sms_id"]), 0)]
    assert (await api.doctor.get(f"/sms/{message['sms_id']}")).json() == message
    entry = (await api.audited(entity="sms"))[0]
    assert (entry["action"], entry["patient_id"], entry["entity_id"]) == ("create", patient_id, message["sms_id"])


async def test_a_template_takes_its_values_from_patient_clinic_and_context(api: Api) -> None:
    _, hold = await make.holder(api)
    template_id = await make.template(
        api, text="{{patient.first_name}} {{patient.last_name}}, {{clinic.name}}: {{day}}"
    )

    message = await make.sms(api, hold, template_id=template_id, context={"day": "Monday"})

    assert message["text"] == "Anna Müller, Dental clinic: Monday"
    assert message["template_id"] == template_id


async def test_missing_values_are_refused_and_named(api: Api) -> None:
    _, hold = await make.holder(api)
    template_id = await make.template(api, text="{{appointment.date}} {{clinic.phone}} {{x}} {{x}}")

    answer = await api.receptionist.post(f"/phone_numbers/{hold}/sms", json={"template_id": template_id})

    body = problem(answer, 422, "missing_values")
    assert body["missing"] == ["appointment.date", "clinic.phone", "x"]
    assert await jobs(api) == []


async def test_a_template_must_exist_be_active_and_come_out_sendable(api: Api) -> None:
    _, hold = await make.holder(api)
    inactive = await make.template(api, "inactive", is_active=False)
    empty = await make.template(api, "empty", "{{x}}")

    async def send(template_id: int, **context: str) -> Any:
        body = {"template_id": template_id, "context": context}
        return await api.receptionist.post(f"/phone_numbers/{hold}/sms", json=body)

    problem(await send(999), 422, "unknown_reference")
    problem(await send(inactive), 422, "inactive")
    problem(await send(empty, x=""), 422, "empty")
    long = await make.template(api, "long", "{{x}}{{x}}")
    problem(await send(long, x="x" * 801), 422, "text_too_long")
    assert (await send(long, x="x" * 800)).json()["segments"] == 11


async def test_a_text_too_long_for_the_provider_can_only_be_logged(api: Api) -> None:
    _, hold = await make.holder(api)

    answer = await api.receptionist.post(f"/phone_numbers/{hold}/sms", json={"text": "x" * 1601})

    assert problem(answer, 422, "text_too_long")["errors"][0]["field"] == "text"
    assert (await make.sms(api, hold, text="x" * 10_000, send=False))["segments"] == 66


async def test_a_message_for_later_is_scheduled(api: Api) -> None:
    _, hold = await make.holder(api)
    later = datetime.now(UTC) + timedelta(hours=1)

    message = await make.sms(api, hold, text="x", scheduled_for=later.isoformat())

    assert message["status"] == "scheduled"
    assert datetime.fromisoformat(message["scheduled_for"]) == later
    assert await api.owner.fetchval("select available_at from outbox") == later


async def test_a_time_just_past_is_now(api: Api) -> None:
    _, hold = await make.holder(api)
    past = (datetime.now(UTC) - timedelta(seconds=10)).isoformat()

    assert (await make.sms(api, hold, text="x", scheduled_for=past))["status"] == "queued"


async def test_what_is_only_logged_is_not_queued_also_for_an_opted_out_number(api: Api) -> None:
    _, hold = await make.holder(api)
    await api.owner.execute("update phone_number set sms_opt_out = true")

    message = await make.sms(api, hold, text="told her at the desk", send=False)

    assert message["status"] == "logged"
    assert await jobs(api) == []
    problem(await api.receptionist.post(f"/phone_numbers/{hold}/sms", json={"text": "x"}), 422, "opted_out")


async def test_an_archived_or_merged_patient_gets_no_message(api: Api) -> None:
    patient_id, hold = await make.holder(api)
    other, _ = await make.holder(api)
    archive = "update patient set archived_at = now(), status = 'archived' where patient_id = $1"
    await api.owner.execute(archive, patient_id)

    for send in (True, False):
        answer = await api.receptionist.post(f"/phone_numbers/{hold}/sms", json={"text": "x", "send": send})
        problem(answer, 422, "archived")
    await api.owner.execute(
        "update patient set merged_into = $2, status = 'merged' where patient_id = $1", patient_id, other
    )
    answer = await api.receptionist.post(f"/phone_numbers/{hold}/sms", json={"text": "x"})
    assert problem(answer, 409, "merged")["merged_into"] == other


async def test_a_shared_number_keeps_the_patient_it_was_written_to(api: Api) -> None:
    await make.holder(api)
    second, hold = await make.holder(api)

    message = await make.sms(api, hold)

    assert (message["patient_id"], message["candidates"]) == (second, [])


@pytest.mark.parametrize(
    "body, fields",
    [
        ({}, {"text"}),
        ({"text": " "}, {"text"}),
        ({"text": "x" * 10_001}, {"text"}),
        ({"text": "x", "template_id": 1}, {"template_id"}),
        ({"text": "x", "context": {"a": "b"}}, {"context"}),
        ({"text": "x", "scheduled_for": "2026-12-01T09:00:00"}, {"scheduled_for"}),
        ({"text": "x", "scheduled_for": "2020-12-01T09:00:00Z"}, {"scheduled_for"}),
        ({"text": "x", "scheduled_for": "2100-12-01T09:00:00Z", "send": False}, {"scheduled_for"}),
        ({"text": 1, "send": "no", "to": "me", "template_id": "1"}, {"text", "send", "to", "template_id"}),
        ({"text": "a\0b"}, {"text"}),
    ],
)
async def test_every_bad_field_is_named_and_nothing_is_stored(api: Api, body: dict[str, Any], fields: set[str]) -> None:
    _, hold = await make.holder(api)

    assert bad_fields(await api.receptionist.post(f"/phone_numbers/{hold}/sms", json=body)) == fields
    assert await jobs(api) == []


async def test_permissions_and_unknown_numbers(api: Api) -> None:
    _, hold = await make.holder(api)

    problem(await api.doctor.post(f"/phone_numbers/{hold}/sms", json={"text": "x"}), 403, "forbidden")
    problem(await api.patient.post(f"/phone_numbers/{hold}/sms", json={"text": "x"}), 403, "forbidden")
    problem(await api.anonymous.post(f"/phone_numbers/{hold}/sms", json={"text": "x"}), 401, "unauthenticated")
    problem(await api.receptionist.post("/phone_numbers/999/sms", json={"text": "x"}), 404, "not_found")
    problem(await api.receptionist.post("/phone_numbers/999/sms", json={"template_id": 1}), 404, "not_found")
    problem(await api.doctor.get("/phone_numbers/999/sms"), 404, "not_found")


async def test_the_same_key_queues_once(api: Api) -> None:
    _, hold = await make.holder(api)

    answers = [
        await api.receptionist.post(f"/phone_numbers/{hold}/sms", json={"text": "x"}, headers={"Idempotency-Key": "k"})
        for _ in range(2)
    ]

    assert answers[0].json() == answers[1].json()
    assert len(await jobs(api)) == 1
