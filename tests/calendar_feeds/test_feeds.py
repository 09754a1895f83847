"""/doctors/{employee_id}/calendar_feeds, and the feeds behind the links."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import structlog

from dcms.calendar_feeds import repository
from dcms.web.front import Front
from tests import make
from tests.api import Api, bad_fields, problem
from tests.calendar_feeds.test_ics import parsed


def path_of(feed: dict[str, Any]) -> str:
    """Where the test's service has a feed."""
    url: str = feed["url"]
    assert url.startswith("https://clinic.example/calendars/")
    assert url.endswith(".ics")
    return url.replace("https://clinic.example", "http://testserver")


async def read(api: Api, feed: dict[str, Any], **headers: str) -> httpx.Response:
    """Read a feed as a calendar program does."""
    return await api.anonymous.get(path_of(feed), headers=headers)


async def events(api: Api, feed: dict[str, Any]) -> list[Any]:
    """The events of a feed."""
    answer = await read(api, feed)
    assert answer.status_code == 200, answer.text
    found: list[Any] = parsed(answer.content).events
    return found


async def test_a_feed_shows_its_link_once_and_keeps_a_hash(api: Api) -> None:
    doctor_id = await make.doctor(api)

    answer = await api.receptionist.post(f"/doctors/{doctor_id}/calendar_feeds")
    feed = answer.json()
    listed = (await api.manager.get(f"/doctors/{doctor_id}/calendar_feeds")).json()
    kept = await api.owner.fetchval("select string_agg(calendar_feed::text, '') from calendar_feed")
    logged = await api.owner.fetchval("select string_agg(audit_log::text, '') from audit_log")
    secret = feed["url"].rpartition("/")[2].removesuffix(".ics")

    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    assert feed == {
        "calendar_feed_id": feed["calendar_feed_id"],
        "employee_id": doctor_id,
        "name": None,
        "details": "busy",
        "created_by": api.user_ids["receptionist"],
        "created_at": feed["created_at"],
        "last_used_at": None,
        "url": feed["url"],
    }
    assert listed == {"items": [{name: feed[name] for name in feed if name != "url"}], "next_cursor": None}
    assert len(secret) == 43
    assert secret not in kept + logged
    assert "token_hash" not in logged


async def test_a_key_does_not_give_the_link_again(api: Api) -> None:
    path = f"/doctors/{await make.doctor(api)}/calendar_feeds"

    answers = [await api.admin.post(path, headers={"Idempotency-Key": "k"}) for _ in range(2)]

    assert answers[0].json()["url"] != answers[1].json()["url"]
    assert await api.owner.fetchval("select count(*) from idempotency_key") == 0


async def test_a_feed_holds_the_doctors_appointments_without_their_patients(api: Api) -> None:
    doctor_id = await make.doctor(api, first_name="Zoë", last_name="Łukasiewicz-" * 6, title="Dr.")
    service_id = await make.service_id(api, name="Root canal")
    patient = await make.patient(api, first_name="Anna", last_name="Müller")
    booked = await make.appointment(
        api, doctor_id=doctor_id, patient_id=patient["patient_id"], service_ids=[service_id], note="for staff"
    )
    await make.appointment(api)
    feed = await make.calendar_feed(api, doctor_id)

    answer = await read(api, feed)
    calendar = parsed(answer.content)
    [event] = calendar.events

    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert calendar["X-WR-CALNAME"] == f"Dr. Zoë {'Łukasiewicz-' * 6}"
    assert event["UID"] == f"appointment-{booked['appointment_id']}@clinic.example"
    assert event["SUMMARY"] == "Appointment"
    assert event.start == make.workday()
    assert event.end == make.workday(9, 30)
    assert event["STATUS"] == "TENTATIVE"
    assert event["SEQUENCE"] == booked["version"]
    for hidden in ("Anna", "Müller", "A. M.", "Root", "staff"):
        assert hidden not in answer.text
    # nobody's record was read
    assert await api.audited(action="read", entity="calendar_feed") == []


async def test_with_initials_an_event_says_whose_and_what_and_the_reading_is_written_down(api: Api) -> None:
    doctor_id = await make.doctor(api)
    patient = await make.patient(api, first_name="Änna", last_name="Müller")
    services = [await make.service_id(api, name=name) for name in ("Root canal; upper, left", "X-ray")]
    await make.appointment(api, doctor_id=doctor_id, patient_id=patient["patient_id"], service_ids=services)
    feed = await make.calendar_feed(api, doctor_id, details="initials", name="Meine Praxis")

    answer = await read(api, feed)
    calendar = parsed(answer.content)
    again = await read(api, feed, **{"If-None-Match": answer.headers["etag"]})
    entries = await api.audited(action="read", entity="calendar_feed")

    assert calendar["X-WR-CALNAME"] == "Meine Praxis"
    assert calendar.events[0]["SUMMARY"] == "Ä. M. · Root canal; upper, left, X-ray"
    assert "nna" not in answer.text
    assert again.status_code == 304
    assert [(entry["entity_id"], entry["patient_ids"], entry["actor_id"]) for entry in entries] == [
        (feed["calendar_feed_id"], [patient["patient_id"]], None)
    ] * 2
    assert feed["url"].rpartition("/")[2] not in str(entries)


async def test_a_moved_appointment_keeps_its_uid_and_raises_its_sequence(api: Api) -> None:
    doctor_id = await make.doctor(api)
    booked = await make.appointment(api, doctor_id=doctor_id)
    feed = await make.calendar_feed(api, doctor_id)
    [before] = await events(api, feed)

    body = make.jsonable({"starts_at": make.workday(15)})
    assert (await api.admin.patch(f"/appointments/{booked['appointment_id']}", json=body)).status_code == 200
    assert (await api.admin.post(f"/appointments/{booked['appointment_id']}/confirm")).status_code == 200
    [after] = await events(api, feed)

    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] == before["SEQUENCE"] + 2
    assert after.start == make.workday(15)
    assert (before["STATUS"], after["STATUS"]) == ("TENTATIVE", "CONFIRMED")
    assert after["LAST-MODIFIED"].dt >= before["LAST-MODIFIED"].dt


@pytest.mark.parametrize("action", ["cancel", "no_show"])
async def test_what_does_not_take_place_leaves_the_feed(api: Api, action: str) -> None:
    doctor_id = await make.doctor(api)
    booked = await make.appointment(api, doctor_id=doctor_id)
    feed = await make.calendar_feed(api, doctor_id)
    first = await read(api, feed)

    assert (await api.admin.post(f"/appointments/{booked['appointment_id']}/{action}")).status_code == 200
    second = await read(api, feed, **{"If-None-Match": first.headers["etag"]})

    assert len(parsed(first.content).events) == 1
    assert second.status_code == 200
    assert parsed(second.content).events == []


async def test_a_feed_reaches_30_days_back_and_365_ahead(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    doctor_id = await make.doctor(api)
    patient = await make.patient(api)
    for days in (-31, -29, 364, 366):
        await api.owner.execute(
            "insert into appointment (patient_id, doctor_id, starts_at, ends_at) "
            "values ($1, $2, now() + $3::interval, now() + $3::interval + interval '30 minutes')",
            patient["patient_id"],
            doctor_id,
            timedelta(days=days),
        )
    feed = await make.calendar_feed(api, doctor_id)

    whole = await events(api, feed)
    monkeypatch.setattr(repository, "MAX_EVENTS", 1)
    bounded = await events(api, feed)

    assert [(each.end - each.start).seconds for each in whole] == [1800, 1800]
    assert (whole[1].start - whole[0].start).days == 393
    assert [each["UID"] for each in bounded] == [whole[0]["UID"]]


async def test_noon_is_another_instant_in_summer_than_in_winter(api: Api) -> None:
    await make.settings(api, timezone="Europe/Berlin")
    doctor_id = await make.doctor(api)
    patient = await make.patient(api)
    berlin = ZoneInfo("Europe/Berlin")
    today = datetime.now(berlin).date()
    for month in (1, 7):
        year = today.year + (today >= date(today.year, month, 15))
        await api.owner.execute(
            "insert into appointment (patient_id, doctor_id, starts_at, ends_at) "
            "values ($1, $2, $3::timestamptz, $3::timestamptz + interval '1 hour')",
            patient["patient_id"],
            doctor_id,
            datetime(year, month, 15, 12, tzinfo=berlin),
        )
    feed = await make.calendar_feed(api, doctor_id)

    found = {each.start.month: each.start for each in await events(api, feed)}

    assert {month: start.hour for month, start in found.items()} == {1: 11, 7: 10}
    assert {start.utcoffset() for start in found.values()} == {timedelta(0)}


async def test_a_revoked_link_is_404_at_once_in_every_process(api: Api, other: Front) -> None:
    doctor_id = await make.doctor(api)
    feed, second = [await make.calendar_feed(api, doctor_id) for _ in range(2)]
    elsewhere = api.client(app=other)
    assert (await elsewhere.get(path_of(feed))).status_code == 200

    answer = await api.admin.delete(f"/doctors/{doctor_id}/calendar_feeds/{feed['calendar_feed_id']}")

    assert answer.status_code == 204
    problem(await elsewhere.get(path_of(feed)), 404, "not_found")
    problem(await read(api, feed), 404, "not_found")
    assert (await read(api, second)).status_code == 200
    [entry] = await api.audited(entity="calendar_feed", action="delete")
    assert entry["actor_id"] == api.user_ids["admin"]
    gone = await api.admin.delete(f"/doctors/{doctor_id}/calendar_feeds/{feed['calendar_feed_id']}")
    problem(gone, 404, "not_found")


async def test_a_feed_ends_with_its_doctor(api: Api) -> None:
    doctor_id = await make.doctor(api, user_id=api.user_ids["doctor"])
    feed = await make.calendar_feed(api, doctor_id)

    await api.owner.execute("update dcms_user set is_active = false where username = 'doctor'")
    disabled = await read(api, feed)
    await api.owner.execute("update dcms_user set is_active = true where username = 'doctor'")
    enabled = await read(api, feed)
    assert (await api.admin.post(f"/employees/{doctor_id}/archive")).status_code == 200
    archived = await read(api, feed)
    refused = await api.admin.post(f"/doctors/{doctor_id}/calendar_feeds")

    assert [answer.status_code for answer in (disabled, enabled, archived)] == [404, 200, 404]
    problem(refused, 422, "archived")


async def test_the_use_of_a_link_is_noted(api: Api) -> None:
    doctor_id = await make.doctor(api)
    feed = await make.calendar_feed(api, doctor_id)

    await read(api, feed)
    first = (await api.admin.get(f"/doctors/{doctor_id}/calendar_feeds")).json()["items"][0]["last_used_at"]
    await read(api, feed)
    second = (await api.admin.get(f"/doctors/{doctor_id}/calendar_feeds")).json()["items"][0]["last_used_at"]
    await api.owner.execute("update calendar_feed set last_used_at = last_used_at - interval '61 seconds'")
    await read(api, feed)
    third = (await api.admin.get(f"/doctors/{doctor_id}/calendar_feeds")).json()["items"][0]["last_used_at"]

    assert first is not None
    assert first == second
    assert third > first


async def test_who_has_no_permission_may_for_his_own_calendar_only(api: Api) -> None:
    own = await make.doctor(api, user_id=api.user_ids["assistant"])
    other = await make.doctor(api)
    token = api.token(api.user_ids["assistant"], api.session_ids["assistant"], ["assistant"], employee_id=own)
    assistant = api.client(token)

    made = await assistant.post(f"/doctors/{own}/calendar_feeds", json={"details": "initials"})
    feed_id = made.json()["calendar_feed_id"]

    assert made.status_code == 201
    assert (await assistant.get(f"/doctors/{own}/calendar_feeds")).status_code == 200
    problem(await assistant.post(f"/doctors/{other}/calendar_feeds"), 403, "forbidden")
    problem(await assistant.get(f"/doctors/{other}/calendar_feeds"), 403, "forbidden")
    problem(await assistant.delete(f"/doctors/{other}/calendar_feeds/{feed_id}"), 403, "forbidden")
    problem(await api.assistant.get(f"/doctors/{other}/calendar_feeds"), 403, "forbidden")
    assert (await assistant.delete(f"/doctors/{own}/calendar_feeds/{feed_id}")).status_code == 204


async def test_a_feed_is_revoked_only_under_its_own_doctor(api: Api) -> None:
    doctor_id, other = await make.doctor(api), await make.doctor(api)
    feed = await make.calendar_feed(api, doctor_id)

    problem(await api.admin.delete(f"/doctors/{other}/calendar_feeds/{feed['calendar_feed_id']}"), 404, "not_found")
    problem(await api.admin.post("/doctors/999999/calendar_feeds"), 404, "not_found")
    problem(await api.admin.get("/doctors/999999/calendar_feeds"), 404, "not_found")
    assert (await read(api, feed)).status_code == 200


async def test_wrong_fields_are_named(api: Api) -> None:
    path = f"/doctors/{await make.doctor(api)}/calendar_feeds"

    assert bad_fields(await api.admin.post(path, json={"name": "x" * 101, "details": "all", "color": "red"})) == {
        "name",
        "details",
        "color",
    }


async def test_a_calendar_has_twenty_feeds_at_the_most(api: Api) -> None:
    doctor_id = await make.doctor(api)
    for _ in range(20):
        await make.calendar_feed(api, doctor_id)

    problem(await api.admin.post(f"/doctors/{doctor_id}/calendar_feeds"), 422, "refused")


@pytest.mark.parametrize("file", ["x", "x.ics", ".ics", "A" * 43, "A" * 42 + ".ics", "A" * 44 + ".ics", "%00.ics"])
async def test_what_is_no_link_is_404(api: Api, file: str) -> None:
    problem(await api.anonymous.get(f"http://testserver/calendars/{file}"), 404, "not_found")
    assert await api.owner.fetchval("select count(*) from login_attempt") == 0


async def test_guesses_are_throttled_and_good_links_from_the_same_address_are_not(api: Api) -> None:
    feed = await make.calendar_feed(api, await make.doctor(api))
    await api.give_password("admin")

    guesses = await asyncio.gather(
        *(api.anonymous.get(f"http://testserver/calendars/{'A' * 41}{number:02}.ics") for number in range(20))
    )
    last = await api.anonymous.get(f"http://testserver/calendars/{'B' * 43}.ics")
    login = await api.anonymous.post("/auth/login", json={"username": "admin", "password": "dcms-demo-password"})

    assert sorted(answer.status_code for answer in guesses) == [404] * 10 + [429] * 10
    problem(last, 429, "too_many_requests")
    assert int(last.headers["retry-after"]) > 60
    assert (await read(api, feed)).status_code == 200
    # nor are logins
    assert login.status_code == 200


async def test_the_secret_is_in_no_log_and_no_measure(api: Api) -> None:
    feed = await make.calendar_feed(api, await make.doctor(api))
    unknown = f"http://testserver/calendars/{'C' * 43}.ics"

    with structlog.testing.capture_logs() as lines:
        await read(api, feed)
        await api.anonymous.get(unknown)
        await api.anonymous.post(path_of(feed))
    measures = (await api.anonymous.get("http://testserver/metrics")).text
    audited = str(await api.audited())
    secret = feed["url"].rpartition("/")[2].removesuffix(".ics")

    assert {line["route"] for line in lines if line["event"] == "request"} == {
        "GET /calendars/{calendar_file}",
        "POST (no route)",
    }
    for text in (str(lines), measures, audited):
        assert secret not in text
        assert "C" * 43 not in text
    assert "/calendars/{calendar_file}" in measures
