"""POST /patients/{patient_id}/merge."""

from typing import Any

import pytest

from tests import make
from tests.api import Api, bad_fields, problem
from tests.merges.records import NOTHING, TABLES, but, contents, merge, with_everything


async def test_everything_of_the_source_is_the_targets(api: Api) -> None:
    target = await with_everything(api, "+491712345678", 9)
    source = await with_everything(api, "+491712345679", 11)
    before = await contents(api)

    answer = await api.manager.post(f"/patients/{target}/merge", json={"source_patient_id": source})

    after = await contents(api)
    shown = (await api.manager.get(f"/patients/{target}")).json()
    assert answer.status_code == 200
    assert answer.json() == {"patient": shown, "moved": TABLES, "dry_run": False}
    assert {name: len(rows) for name, rows in after.items()} == {name: len(rows) for name, rows in before.items()}
    for name, rows in after.items():
        if name != "patient":
            # nothing else of a row has changed
            others = {"is_primary": None} if name == "patient_phone" else {}
            assert but(rows, **others) == but(before[name], patient_id=target, **others), name
    claims = await api.owner.fetch("select resource_id from appointment_claim where resource_kind = 'patient'")
    assert [row[0] for row in claims] == [target, target]
    balance = (await api.manager.get(f"/patients/{target}/balance")).json()
    assert (balance["charges"], balance["payments"], balance["unallocated"]) == ("200.00", "100.00", "20.00")


async def test_the_source_only_refers_to_its_survivor(api: Api) -> None:
    target, source = [(await make.patient(api))["patient_id"] for _ in range(2)]
    was = (await api.admin.get(f"/patients/{source}")).json()

    await merge(api, target, source)

    shown = (await api.admin.get(f"/patients/{source}")).json()
    assert shown == {
        **was,
        "status": "merged",
        "merged_into": target,
        "version": 2,
        "updated_at": shown["updated_at"],
    }
    doctor_id = await make.doctor(api)
    writes: list[tuple[str, str, Any]] = [
        ("PATCH", f"/patients/{source}", {"note": "x"}),
        ("POST", f"/patients/{source}/archive", None),
        ("POST", f"/patients/{source}/restore", None),
        ("POST", f"/patients/{source}/link_user/{api.user_ids['patient']}", None),
        ("POST", f"/patients/{source}/unlink_user", None),
        ("POST", f"/patients/{source}/phone_numbers", {"number": "+491712345678"}),
        ("POST", f"/patients/{source}/invoices/from_treatments", None),
        ("POST", f"/patients/{source}/merge", {"source_patient_id": target}),
        ("POST", f"/patients/{source}/unmerge", {"source_patient_id": target}),
        ("POST", "/treatments", {"patient_id": source, "doctor_id": doctor_id}),
        ("POST", "/invoices", {"patient_id": source, "lines": [make.line()]}),
        ("POST", "/payments", {"patient_id": source, "amount": "1.00", "method": "cash"}),
        (
            "POST",
            "/appointments",
            {"patient_id": source, "doctor_id": doctor_id, "starts_at": make.workday().isoformat()},
        ),
    ]
    for method, path, body in writes:
        answer = await api.admin.request(method, path, json=body)
        assert problem(answer, 409, "merged")["merged_into"] == target, path


async def test_the_same_again_moves_nothing(api: Api) -> None:
    target = (await make.patient(api))["patient_id"]
    source = await with_everything(api, "+491712345679", 11)
    await merge(api, target, source)
    before = await contents(api)
    entries = len(await api.audited())

    again = await merge(api, target, source, fields={"first_name": "source"})
    rehearsed = await merge(api, target, source, dry_run=True)

    assert (again["moved"], rehearsed["moved"]) == (NOTHING, NOTHING)
    assert await contents(api) == before
    assert len(await api.audited()) == entries


async def test_a_dry_run_says_the_same_and_writes_nothing(api: Api) -> None:
    target = await with_everything(api, "+491712345678", 9)
    source = await with_everything(api, "+491712345679", 11, first_name="Berta")
    before = await contents(api)
    body = {"source_patient_id": source, "fields": {"first_name": "source"}}

    rehearsed = await api.manager.post(
        f"/patients/{target}/merge", json={**body, "dry_run": True}, headers={"Idempotency-Key": "a"}
    )
    untouched = await contents(api)
    audited = await api.audited(action="merge")
    merged = await merge(api, target, source, fields={"first_name": "source"})

    assert rehearsed.status_code == 200
    assert untouched == before
    assert audited == []
    said, done = rehearsed.json(), merged
    assert (said["dry_run"], done["dry_run"]) == (True, False)
    assert said["moved"] == done["moved"]
    assert {**said["patient"], "updated_at": None} == {**done["patient"], "updated_at": None}


async def test_fields_are_taken_from_whom_they_are_wanted(api: Api) -> None:
    target = await make.patient(api, first_name="Anna", email="a@example.org", note="old", alerts=["latex"])
    source = await make.patient(
        api, first_name="Anne", birth_date="1990-05-17", email="b@example.org", alerts=["latex", "penicillin"]
    )

    merged = await merge(
        api,
        target["patient_id"],
        source["patient_id"],
        fields={"first_name": "source", "birth_date": "source", "note": "source", "email": "target"},
    )

    assert merged["patient"] == {
        **target,
        "first_name": "Anne",
        "birth_date": "1990-05-17",
        "note": None,
        # a warning of either is one of the person
        "alerts": ["latex", "penicillin"],
        "version": 2,
        "updated_at": merged["patient"]["updated_at"],
    }


@pytest.mark.parametrize("side, alerts", [("target", ["latex"]), ("source", ["penicillin"])])
async def test_alerts_are_those_of_one_when_that_is_wanted(api: Api, side: str, alerts: list[str]) -> None:
    target = (await make.patient(api, alerts=["latex"]))["patient_id"]
    source = (await make.patient(api, alerts=["penicillin"]))["patient_id"]

    merged = await merge(api, target, source, fields={"alerts": side})

    assert merged["patient"]["alerts"] == alerts


async def test_shared_numbers_become_one_and_one_is_primary(api: Api) -> None:
    first, second, third = "+491712345671", "+491712345672", "+491712345673"
    his = [{"number": first}, {"number": second, "label": "his"}]
    hers = [{"number": third}, {"number": second, "label": "hers"}]
    target, source = [(await make.patient(api, phone_numbers=each))["patient_id"] for each in (his, hers)]

    merged = await merge(api, target, source)

    items = (await api.admin.get(f"/patients/{target}/phone_numbers")).json()["items"]
    assert sorted((item["e164"], item["label"], item["is_primary"]) for item in items) == [
        (first, None, True),
        (second, "his", False),
        (third, None, False),
    ]
    assert merged["moved"] == {**NOTHING, "patient_phone": 1}
    assert (await api.admin.get(f"/patients/{source}/phone_numbers")).json()["items"] == []
    assert (await api.admin.get("/patients", params={"query": third})).json()["items"][0]["patient_id"] == target


async def test_a_target_without_numbers_gets_the_sources_primary_one(api: Api) -> None:
    target = (await make.patient(api))["patient_id"]
    numbers = [{"number": "+491712345671"}, {"number": "+491712345672"}]
    source = (await make.patient(api, phone_numbers=numbers))["patient_id"]

    merged = await merge(api, target, source)

    assert merged["patient"]["primary_phone"] == "+491712345671"


async def test_overlapping_appointments_stand_against_it(api: Api) -> None:
    target, source = [(await make.patient(api))["patient_id"] for _ in range(2)]
    ours = await make.appointment(api, patient_id=target, starts_at=make.workday(9))
    theirs = await make.appointment(api, patient_id=source, starts_at=make.workday(9, 15))
    await make.appointment(api, patient_id=source, starts_at=make.workday(12))
    before = await contents(api)

    answers = [
        await api.manager.post(f"/patients/{target}/merge", json={"source_patient_id": source, "dry_run": dry_run})
        for dry_run in (True, False)
    ]
    cancelled = await api.receptionist.post(f"/appointments/{theirs['appointment_id']}/cancel")

    for answer in answers:
        body = problem(answer, 409, "overlapping_appointments")
        assert (body["target"], body["source"]) == ([ours], [theirs])
    assert cancelled.status_code == 200
    assert await contents(api) != before
    assert (await merge(api, target, source))["moved"]["appointment"] == 2


async def test_the_targets_login_stays_and_the_sources_sees_nothing_any_more(api: Api) -> None:
    target, source = [(await make.patient(api))["patient_id"] for _ in range(2)]
    login = await api.own_patient(source)
    other = await api.owner.fetchval(
        "insert into dcms_user (username, display_name, roles) values ('other', 'x', '{patient}') returning user_id"
    )
    await api.admin.post(f"/patients/{target}/link_user/{other}")

    merged = await merge(api, target, source)

    assert merged["patient"]["user_id"] == other
    for patient_id in (target, source):
        problem(await login.get(f"/patients/{patient_id}"), 403, "forbidden")


async def test_a_login_of_the_source_alone_is_not_the_targets_until_it_is_linked(api: Api) -> None:
    target, source = [(await make.patient(api))["patient_id"] for _ in range(2)]
    login = await api.own_patient(source)
    merged = await merge(api, target, source)
    refused = await login.get(f"/patients/{target}")

    linked = await api.receptionist.post(f"/patients/{target}/link_user/{api.user_ids['patient']}")
    await api.services.watch.refresh()

    assert merged["patient"]["user_id"] is None
    problem(refused, 403, "forbidden")
    assert linked.status_code == 200
    assert (await login.get(f"/patients/{target}")).status_code == 200


async def test_archived_ones_may_be_merged(api: Api) -> None:
    target, source = [(await make.patient(api))["patient_id"] for _ in range(2)]
    await api.admin.post(f"/patients/{target}/archive")
    archived = (await api.admin.post(f"/patients/{source}/archive")).json()

    merged = await merge(api, target, source)

    assert merged["patient"]["status"] == "archived"
    shown = (await api.admin.get(f"/patients/{source}")).json()
    assert (shown["status"], shown["archived_at"]) == ("merged", archived["archived_at"])


async def test_a_chain_points_to_its_end(api: Api) -> None:
    a, b, c = [(await make.patient(api))["patient_id"] for _ in range(3)]
    await merge(api, b, c)

    merged = await merge(api, a, b)

    assert merged["moved"] == {**NOTHING, "patient": 1}
    assert [(await api.admin.get(f"/patients/{each}")).json()["merged_into"] for each in (b, c)] == [a, a]
    assert (await merge(api, a, c))["moved"] == NOTHING


async def test_one_merged_elsewhere_is_refused(api: Api) -> None:
    a, b, c = [(await make.patient(api))["patient_id"] for _ in range(3)]
    await merge(api, a, b)

    as_target = await api.manager.post(f"/patients/{b}/merge", json={"source_patient_id": c})
    as_source = await api.manager.post(f"/patients/{c}/merge", json={"source_patient_id": b})

    for answer in (as_target, as_source):
        assert problem(answer, 409, "merged")["merged_into"] == a


@pytest.mark.parametrize(
    "body, fields",
    [
        ({}, {"source_patient_id"}),
        ({"source_patient_id": "1"}, {"source_patient_id"}),
        ({"source_patient_id": 0}, {"source_patient_id"}),
        ({"source_patient_id": 2, "dry_run": "yes", "x": 1}, {"dry_run", "x"}),
        (
            {"source_patient_id": 2, "fields": {"email": "both", "register_number": "source", "status": "source"}},
            {"fields.email", "fields.register_number", "fields.status"},
        ),
        ({"source_patient_id": 2, "fields": ["email"]}, {"fields"}),
        ({"source_patient_id": 1}, {"source_patient_id"}),
    ],
)
async def test_every_bad_field_is_named(api: Api, body: dict[str, Any], fields: set[str]) -> None:
    await make.patient(api)
    await make.patient(api)

    assert bad_fields(await api.manager.post("/patients/1/merge", json=body)) == fields
    assert await api.owner.fetchval("select count(*) from patient_merge") == 0


async def test_unknown_patients(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]

    unknown = await api.manager.post(f"/patients/{patient_id}/merge", json={"source_patient_id": 999})
    missing = await api.manager.post("/patients/999/merge", json={"source_patient_id": patient_id})

    assert problem(unknown, 422, "unknown_reference")["errors"][0]["field"] == "source_patient_id"
    problem(missing, 404, "not_found")


async def test_another_version_of_the_target_changes_nothing(api: Api) -> None:
    target, source = [(await make.patient(api))["patient_id"] for _ in range(2)]
    before = await contents(api)
    path, body = f"/patients/{target}/merge", {"source_patient_id": source}

    refused = await api.manager.post(path, json=body, headers={"If-Match": '"7-x"'})
    untouched = await contents(api)
    merged = await api.manager.post(path, json=body, headers={"If-Match": '"1-x"'})

    problem(refused, 412, "version_mismatch")
    assert untouched == before
    assert merged.status_code == 200


async def test_only_admins_and_managers_may(api: Api) -> None:
    target, source = [(await make.patient(api))["patient_id"] for _ in range(2)]

    for action in ("merge", "unmerge"):
        for client in (api.doctor, api.assistant, api.receptionist, api.patient):
            answer = await client.post(f"/patients/{target}/{action}", json={"source_patient_id": source})
            problem(answer, 403, "forbidden")
    assert await api.owner.fetchval("select count(*) from patient where merged_into is not null") == 0


async def test_the_audit_log_says_who_merged_whom_and_every_row(api: Api) -> None:
    target = (await make.patient(api))["patient_id"]
    source = await with_everything(api, "+491712345679", 11)

    await merge(api, target, source)

    entries = await api.audited(action="merge", actor_id=api.user_ids["manager"])
    said = {(entry["entity"], entry["patient_id"]): entry["after"] for entry in entries}
    assert said["patient", source] == {"merged_into": target}
    pair = said["patient_merge", target]
    assert (pair["source_patient_id"], pair["target_patient_id"]) == (source, target)
    assert {entity for entity, patient_id in said if patient_id == target} >= {
        name for name, number in TABLES.items() if number
    }


async def test_with_a_key_it_is_done_once(api: Api) -> None:
    target, source = [(await make.patient(api))["patient_id"] for _ in range(2)]
    path, body = f"/patients/{target}/merge", {"source_patient_id": source, "fields": {"first_name": "source"}}

    answers = [await api.manager.post(path, json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)]

    assert answers[0].content == answers[1].content
    assert answers[1].headers["idempotency-replayed"] == "true"
    assert await api.owner.fetchval("select count(*) from patient_merge") == 1
