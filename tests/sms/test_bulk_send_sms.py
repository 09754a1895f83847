"""POST /sms/bulk_send and GET /sms/batches/{batch_id}."""

import asyncio
from typing import Any

import pytest

from tests import make
from tests.api import Api, bad_fields, problem


async def send(api: Api, status: int = 202, **body: Any) -> dict[str, Any]:
    answer = await api.receptionist.post("/sms/bulk_send", json={"text": "Hello {{patient.first_name}}", **body})
    assert answer.status_code == status, answer.text
    sent: dict[str, Any] = answer.json()
    return sent


async def many(api: Api, count: int) -> list[int]:
    """Patients with a number each, made by the owner in one go, without what triggers would add."""
    await api.owner.execute("set session_replication_role = replica")
    rows = await api.owner.fetch(
        """
        with numbers as (
            insert into phone_number (e164, national, type)
            select '+4917' || (10000000 + n), n, 'mobile' from generate_series(1, $1) as n
            returning e164
        ),
        people as (
            insert into patient (register_number, first_name, last_name)
            select 'P' || n, 'Zoë' || n, 'X' from generate_series(1, $1) as n
            returning patient_id
        )
        insert into patient_phone (patient_id, e164, is_primary)
        select people.patient_id, numbers.e164, true
        from (select patient_id, row_number() over () as n from people) as people
        join (select e164, row_number() over () as n from numbers) as numbers using (n)
        returning patient_id
        """,
        count,
    )
    await api.owner.execute("set session_replication_role = origin")
    return [row[0] for row in rows]


async def test_each_number_once_and_a_reason_for_everybody_else(api: Api) -> None:
    anna, _ = await make.holder(api, "+4930100001")
    same_number, _ = await make.holder(api, "+4930100001")
    archived, _ = await make.holder(api, "+4930100002")
    merged, _ = await make.holder(api, "+4930100003")
    opted_out, _ = await make.holder(api, "+4930100004")
    no_phone = (await make.patient(api))["patient_id"]
    bert, _ = await make.holder(api, "+4930100005", first_name="Bert")
    await api.owner.execute(
        "update patient set archived_at = now(), status = 'archived' where patient_id = $1", archived
    )
    await api.owner.execute(
        "update patient set merged_into = $2, status = 'merged' where patient_id = $1", merged, anna
    )
    await api.owner.execute("update phone_number set sms_opt_out = true where e164 = '+4930100004'")

    ids = [bert, 999, archived, anna, anna, merged, opted_out, no_phone, same_number]
    sent = await send(api, patient_ids=ids)

    assert sent == {
        "batch_id": sent["batch_id"],
        "queued": 2,
        "skipped": [
            {"patient_id": 999, "reason": "not_found"},
            {"patient_id": archived, "reason": "archived"},
            {"patient_id": merged, "reason": "merged"},
            {"patient_id": opted_out, "reason": "opted_out"},
            {"patient_id": no_phone, "reason": "no_phone"},
            {"patient_id": same_number, "reason": "duplicate_number"},
        ],
    }
    items = (await api.doctor.get(f"/sms?batch_id={sent['batch_id']}")).json()["items"]
    assert [(each["patient_id"], each["text"], each["status"]) for each in items] == [
        (anna, "Hello Anna", "queued"),
        (bert, "Hello Bert", "queued"),
    ]
    assert [row[0] for row in await api.owner.fetch("select lane from outbox where kind = 'sms.send'")] == [2, 2]
    batch = (await api.doctor.get(f"/sms/batches/{sent['batch_id']}")).json()
    assert batch == {
        "batch_id": sent["batch_id"],
        "created_at": batch["created_at"],
        "total": 2,
        "counts": {"queued": 2},
    }
    assert {row["patient_id"] for row in await api.audited(entity="sms", action="create")} == {anna, bert}


async def test_an_opted_out_holder_does_not_take_a_number_from_another(api: Api) -> None:
    archived, _ = await make.holder(api)
    anna, _ = await make.holder(api)
    await api.owner.execute(
        "update patient set archived_at = now(), status = 'archived' where patient_id = $1", archived
    )

    sent = await send(api, patient_ids=[archived, anna])

    assert (sent["queued"], sent["skipped"]) == (1, [{"patient_id": archived, "reason": "archived"}])


async def test_a_filter_finds_as_the_list_of_patients_does(api: Api) -> None:
    doctor_id = await make.doctor(api)
    born, _ = await make.holder(api, "+4930100001", birth_date="1990-05-17")
    named, _ = await make.holder(api, "+4930100002", last_name="Schneider")
    seen, _ = await make.holder(api, "+4930100003")
    await make.appointment(api, patient_id=seen, doctor_id=doctor_id)
    archived, _ = await make.holder(api, "+4930100004")
    await api.owner.execute(
        "update patient set archived_at = now(), status = 'archived' where patient_id = $1", archived
    )

    async def found(**given: Any) -> tuple[int, list[int]]:
        sent = await send(api, filter=given, status=200, dry_run=True)
        return sent["queued"], [each["patient_id"] for each in sent["skipped"]]

    assert await found() == (3, [archived])
    assert await found(born="1990-05-17") == (1, [])
    assert await found(query="schneidr") == (1, [])
    assert await found(doctor_id=doctor_id) == (1, [])
    assert await found(status="archived") == (0, [archived])
    assert await found(status=["active"]) == (3, [])
    assert await found(query="nobody") == (0, [])
    assert [row["patient_ids"] for row in await api.audited(action="read")][-1] == [archived]
    assert {born, named, seen}


async def test_a_dry_run_writes_nothing(api: Api) -> None:
    anna, _ = await make.holder(api)

    sent = await send(api, patient_ids=[anna, 999], dry_run=True, status=200)

    assert sent == {"batch_id": None, "queued": 1, "skipped": [{"patient_id": 999, "reason": "not_found"}]}
    assert (await api.doctor.get("/sms")).json()["items"] == []
    assert await api.owner.fetchval("select count(*) from sms_batch") == 0


async def test_a_template_with_context_for_later(api: Api) -> None:
    anna, _ = await make.holder(api)
    template_id = await make.template(api, text="{{patient.last_name}}: {{day}} {{clinic.name}}")

    sent = await send(
        api,
        patient_ids=[anna],
        text=None,
        template_id=template_id,
        context={"day": "{{clinic.name}}"},
        scheduled_for="2100-01-01T00:00:00Z",
    )

    [message] = (await api.doctor.get(f"/sms?batch_id={sent['batch_id']}")).json()["items"]
    assert message["text"] == "Müller: {{clinic.name}} Dental clinic"
    assert (message["status"], message["template_id"]) == ("scheduled", template_id)
    assert (await api.doctor.get(f"/sms/batches/{sent['batch_id']}")).json()["counts"] == {"scheduled": 1}


@pytest.mark.parametrize("dry_run", [True, False])
async def test_missing_values_are_refused_for_all_at_once(api: Api, dry_run: bool) -> None:
    anna, _ = await make.holder(api)
    body = {"patient_ids": [anna], "text": "{{clinic.phone}} {{appointment.date}}", "dry_run": dry_run}

    answer = await api.receptionist.post("/sms/bulk_send", json=body)

    assert problem(answer, 422, "missing_values")["missing"] == ["clinic.phone", "appointment.date"]
    assert await api.owner.fetchval("select count(*) from sms") == 0


async def test_nobody_reached_is_a_batch_of_none(api: Api) -> None:
    sent = await send(api, patient_ids=[999])

    assert (await api.doctor.get(f"/sms/batches/{sent['batch_id']}")).json()["counts"] == {}


async def test_ten_thousand_patients_in_one_request(api: Api) -> None:
    patient_ids = await many(api, 10_000)

    sent = await send(api, patient_ids=patient_ids)

    assert (sent["queued"], sent["skipped"]) == (10_000, [])
    assert (await api.doctor.get(f"/sms/batches/{sent['batch_id']}")).json()["counts"] == {"queued": 10_000}
    assert await api.owner.fetchval("select count(*) from outbox where kind = 'sms.send'") == 10_000


async def test_the_same_key_sends_once(api: Api) -> None:
    patient_ids = await many(api, 20)
    body = {"patient_ids": patient_ids, "text": "x"}

    answers = await asyncio.gather(
        *(api.receptionist.post("/sms/bulk_send", json=body, headers={"Idempotency-Key": "k"}) for _ in range(5))
    )
    again = await api.receptionist.post("/sms/bulk_send", json=body, headers={"Idempotency-Key": "k"})

    assert {answer.status_code for answer in answers} <= {202, 409}
    assert again.status_code == 202
    assert again.headers["idempotency-replayed"] == "true"
    assert await api.owner.fetchval("select count(*) from sms") == 20


async def test_bad_input_is_named(api: Api) -> None:
    async def post(**body: Any) -> set[str]:
        return bad_fields(await api.receptionist.post("/sms/bulk_send", json=body))

    assert await post(text="x") == {"patient_ids"}
    assert await post(patient_ids=[1]) == {"text"}
    assert await post(patient_ids=[1], filter={}, text="x") == {"filter"}
    assert await post(patient_ids=[1], text="x", template_id=1) == {"template_id"}
    assert await post(patient_ids=[], text="{{x", scheduled_for="x", size=1) == {
        *("patient_ids", "text", "scheduled_for", "size"),
    }
    assert await post(patient_ids=[1, 0], text="x") == {"patient_ids[1]"}
    assert await post(patient_ids=list(range(1, 10_002)), text="x") == {"patient_ids"}
    assert await post(patient_ids=[1], text="x", scheduled_for="2020-01-01T00:00:00Z") == {"scheduled_for"}
    assert await post(filter={"status": "dead", "born": "x", "limit": 1}, text="x") == {
        *("filter.status", "filter.born", "filter.limit"),
    }
    problem(
        await api.receptionist.post("/sms/bulk_send", json={"patient_ids": [1], "template_id": 9}),
        422,
        "unknown_reference",
    )
    problem(await api.receptionist.post("/sms/bulk_send", content=b" " * (2**20 + 1)), 413, "too_large")


async def test_permissions_and_unknown_batches(api: Api) -> None:
    body = {"patient_ids": [1], "text": "x"}
    for client in (api.doctor, api.assistant, api.patient):
        problem(await client.post("/sms/bulk_send", json=body), 403, "forbidden")
    problem(await api.patient.get("/sms/batches/1"), 403, "forbidden")
    problem(await api.doctor.get("/sms/batches/1"), 404, "not_found")
