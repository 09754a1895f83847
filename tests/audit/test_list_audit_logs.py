"""GET /audit/logs."""

from typing import Any

import pytest

from tests import make
from tests.api import Api, bad_fields, problem


async def logs(api: Api, **parameters: Any) -> list[dict[str, Any]]:
    """The entries that the list answers, all on one page."""
    await api.services.trail.flush()
    answer = await api.admin.get("/audit/logs", params={"limit": 200, **parameters})
    assert answer.status_code == 200, answer.text
    assert answer.json()["next_cursor"] is None
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_an_entry_tells_who_did_what_from_where_in_which_request(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    await api.doctor.patch(
        f"/patients/{patient_id}",
        json={"last_name": "Meier", "note": "likes tea"},
        headers={"X-Request-Id": "req-1", "User-Agent": "a browser"},
    )

    entry = (await logs(api, action="update"))[0]

    at = entry.pop("at")
    assert at.endswith(("Z", "+00:00"))
    assert entry == {
        "audit_id": entry["audit_id"],
        "actor_id": api.user_ids["doctor"],
        "impersonator_id": None,
        "session_id": api.session_ids["doctor"],
        "action": "update",
        "entity": "patient",
        "entity_id": patient_id,
        "patient_id": patient_id,
        "ip": "127.0.0.1",
        "user_agent": "a browser",
        "request_id": "req-1",
        "before": {"last_name": "Müller", "note": None},
        "after": {"last_name": "Meier", "note": "likes tea"},
    }


async def test_times_are_in_the_clinics_zone(api: Api) -> None:
    await api.owner.execute("update clinic_settings set timezone = 'Asia/Kolkata'")
    await api.services.watch.read()

    assert (await logs(api, entity="clinic_settings"))[0]["at"].endswith("+05:30")


async def test_each_filter_finds_its_entries_only(api: Api) -> None:
    first = (await make.patient(api))["patient_id"]
    second = (await make.patient(api))["patient_id"]
    await api.receptionist.patch(f"/patients/{first}", json={"note": "1"})
    await api.doctor.get(f"/patients/{second}")

    by_entity = await logs(api, entity="patient")
    by_id = await logs(api, entity="patient", entity_id=first)
    by_patient = await logs(api, patient_id=second)
    by_actor = await logs(api, actor_id=api.user_ids["receptionist"])
    by_action = await logs(api, action="create", entity="patient")

    assert [(entry["action"], entry["entity_id"]) for entry in by_entity] == [
        ("read", second),
        ("update", first),
        ("create", second),
        ("create", first),
    ]
    assert [entry["action"] for entry in by_id] == ["update", "create"]
    assert [entry["action"] for entry in by_patient] == ["read", "create"]
    assert [(entry["action"], entry["entity_id"]) for entry in by_actor] == [("update", first)]
    assert [entry["entity_id"] for entry in by_action] == [second, first]
    assert await logs(api, patient_id=second, action="update") == []
    assert await logs(api, entity="it's none", action="Create") == []


async def test_a_list_of_patients_is_found_by_each_of_them(api: Api) -> None:
    ids = [(await make.patient(api))["patient_id"] for _ in range(3)]
    await api.doctor.get("/patients?limit=2")

    found = [await logs(api, patient_id=patient_id, action="read") for patient_id in ids]

    assert [len(entries) for entries in found] == [0, 1, 1]
    assert found[1] == found[2]
    assert found[1][0]["after"] == {"ids": [ids[2], ids[1]]}
    assert (found[1][0]["entity"], found[1][0]["entity_id"], found[1][0]["patient_id"]) == ("patient", None, None)


async def test_from_is_included_and_to_is_not(api: Api) -> None:
    for _ in range(3):
        await make.patient(api)
    times = [entry["at"] for entry in await logs(api, entity="patient")]

    entries = await logs(api, entity="patient", **{"from": times[2], "to": times[0]})

    assert [entry["at"] for entry in entries] == times[1:]


async def test_pages_hold_every_entry_once_over_months_and_moments(api: Api) -> None:
    # entries of several partitions, of one moment, and of a month that nobody prepared
    await api.owner.execute(
        """
        insert into audit_log (at, action, entity, patient_id, patient_ids)
        select
            date_trunc('month', now()) + make_interval(months => number % 4 - 1),
            'test', 'patient', case when number % 2 = 0 then 7 end, case when number % 3 = 0 then array[7, 8] end
        from generate_series(1, 24) as number
        """
    )
    for filters in ({"action": "test"}, {"patient_id": 7}, {"entity": "patient", "from": "2000-01-01T00:00:00Z"}):
        whole = await logs(api, **filters)
        seen: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = {"limit": 5} | ({"cursor": cursor} if cursor else {})
            answer = (await api.admin.get("/audit/logs", params={**filters, **page})).json()
            seen += answer["items"]
            cursor = answer["next_cursor"]
            if cursor is None:
                break

        assert seen == whole
        assert seen == sorted(seen, key=lambda entry: (entry["at"], entry["audit_id"]), reverse=True)
        assert len(seen) == (24 if "patient_id" not in filters else 16)


async def test_amounts_are_strings(api: Api) -> None:
    await api.owner.execute(
        "insert into service_catalog (code, name, service_type, duration_min, price, display_number) "
        "values ('D1', 'Check', 'diagnostic', 30, 120.5, 1)"
    )

    after = (await logs(api, entity="service_catalog"))[0]["after"]

    assert (after["price"], after["duration_min"]) == ("120.50", 30)


async def test_every_bad_parameter_is_named(api: Api) -> None:
    answer = await api.admin.get(
        "/audit/logs?entity=&entity_id=0&patient_id=x&actor_id=99999999999999999999&action=&from=2026-11-23T09:00:00"
        "&to=soon&limit=201&cursor=abc&shoe_size=42"
    )

    assert bad_fields(answer) == {"entity_id", "patient_id", "actor_id", "from", "to", "limit", "shoe_size"}
    assert bad_fields(await api.admin.get("/audit/logs?cursor=abc")) == {"cursor"}
    assert bad_fields(await api.admin.get("/audit/logs?action=update&action=create")) == {"action"}


@pytest.mark.parametrize("role", ["manager", "doctor", "assistant", "receptionist", "patient"])
async def test_only_an_admin_may_read_it(api: Api, role: str) -> None:
    problem(await getattr(api, role).get("/audit/logs"), 403, "forbidden")


@pytest.mark.parametrize(
    "condition",
    [
        "entity = 'patient'",
        "entity_id = 7",
        "patient_id = 7",
        "patient_ids @> array[7::bigint]",
        "actor_id = 7",
        "action = 'update'",
        "at < now()",
    ],
)
async def test_each_filter_has_an_index(api: Api, condition: str) -> None:
    await api.owner.execute("set enable_seqscan = off")

    plan = await api.owner.fetch(
        f"explain select * from audit_log where {condition} order by at desc, audit_id desc limit 51"
    )

    lines = [row[0].strip() for row in plan]
    assert any(line.startswith(f"Index Cond: ({condition.split(maxsplit=1)[0]} ") for line in lines), lines
    assert not any(line.startswith("Filter") for line in lines), lines


async def test_a_range_of_time_reads_the_partitions_of_its_months_only(api: Api) -> None:
    plan = await api.owner.fetch(
        "explain (costs off) select * from audit_log where at >= now() and at < now() + interval '1 hour'"
    )

    assert "Subplans Removed" in "\n".join(row[0] for row in plan)


@pytest.mark.parametrize("value", ["0", "0.5", "1700000000", "-1"])
async def test_a_number_is_no_time(api: Api, value: str) -> None:
    assert bad_fields(await api.admin.get("/audit/logs", params={"from": value})) == {"from"}


async def test_what_is_done_with_a_part_of_a_bill_is_about_its_patient(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    invoice = await make.invoice(api, patient_id, "80.00")
    payment = await make.payment(api, patient_id, "50.00", (invoice["invoice_id"], "50.00"))
    path = f"/payments/{payment['payment_id']}/refund"
    assert (await api.admin.post(path, json={"reason": "a mistake"})).status_code == 200

    entries = await api.audited()
    of_parts = {
        entry["entity"]: entry["patient_id"]
        for entry in entries
        if entry["entity"] in ("invoice_line", "payment_allocation", "payment_refund")
    }
    assert of_parts == dict.fromkeys(["invoice_line", "payment_allocation", "payment_refund"], patient_id)
