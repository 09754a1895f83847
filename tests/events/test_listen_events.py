"""GET /events."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import pytest

from dcms.access.callers import Caller
from dcms.access.permissions import Role, permissions_of
from dcms.events import feed as feeds
from dcms.events import stream as streams
from tests import make
from tests.api import Api, problem
from tests.events.listening import Event, listening


async def appointment(api: Api, patient_id: int, hour: int = 9) -> int:
    """An appointment, written behind the service."""
    doctor_id = await api.owner.fetchval(
        "insert into employee (first_name, last_name, is_bookable) values ('D', 'D', true) returning employee_id"
    )
    found: int = await api.owner.fetchval(
        "insert into appointment (patient_id, doctor_id, starts_at, ends_at) "
        "values ($1, $2, '2030-01-07 00:00Z'::timestamptz + make_interval(hours => $3), "
        "'2030-01-07 00:30Z'::timestamptz + make_interval(hours => $3)) returning appointment_id",
        patient_id,
        doctor_id,
        hour,
    )
    return found


async def call(api: Api, note: str = "x") -> int:
    """A call, written behind the service."""
    found: int = await api.owner.fetchval(
        "insert into call (direction, contact_type, status, started_at, note) "
        "values ('in', 'prospect', 'completed', now(), $1) returning call_id",
        note,
    )
    return found


def ids(events: list[Event]) -> list[int]:
    """The records that events are about."""
    return [event.data["id"] for event in events]


async def test_each_change_is_an_event_with_the_records_version(api: Api) -> None:
    await api.owner.execute("update clinic_settings set timezone = 'Asia/Kolkata'")
    await api.services.watch.read()
    patient_id = (await make.patient(api))["patient_id"]
    async with listening(api, "receptionist") as listener:
        appointment_id = await appointment(api, patient_id)
        await api.owner.execute("update appointment set status = 'confirmed'")
        await api.owner.execute("update appointment set status = 'confirmed'")
        call_id = await call(api)
        await api.owner.execute("update call set deleted_at = now()")
        events = await listener.take(4)

    assert listener.status == 200
    assert listener.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert listener.headers["cache-control"] == "no-store"
    assert [event.event for event in events] == ["appointment.changed"] * 2 + ["call.changed"] * 2
    assert [
        (event.data["entity"], event.data["id"], event.data["action"], event.data["version"]) for event in events
    ] == [
        ("appointment", appointment_id, "create", 1),
        ("appointment", appointment_id, "update", 2),
        ("call", call_id, "create", 1),
        ("call", call_id, "delete", 2),
    ]
    assert all(event.data.keys() == {"entity", "id", "action", "version", "at"} for event in events)
    assert all(event.data["at"].endswith("+05:30") for event in events)
    numbers = [int(event.id or "") for event in events]
    assert numbers == sorted(set(numbers))


async def test_a_message_is_told_as_message(api: Api) -> None:
    await api.owner.execute(
        "insert into phone_number (e164, national, type) values ('+491712345678', '0171', 'mobile')"
    )
    async with listening(api, "assistant") as listener:
        sms_id = await api.owner.fetchval(
            "insert into sms (e164, direction, text, status, segments, encoding) "
            "values ('+491712345678', 'in', 'Hi', 'received', 1, 'GSM-7') returning sms_id"
        )
        event = await listener.next()

    assert (event.event, event.data["entity"], event.data["id"]) == ("message.changed", "message", sms_id)


async def test_a_listener_hears_what_happens_from_now_on(api: Api) -> None:
    await call(api)
    async with listening(api, "admin") as listener:
        second = await call(api)

        assert ids([await listener.next()]) == [second]
        assert await listener.nothing()


async def test_a_listener_goes_on_where_he_broke_off(api: Api) -> None:
    async with listening(api, "admin") as listener:
        first, second = await call(api), await call(api)
        events = await listener.take(2)
    third = await call(api)

    for place in ({"last_event_id": events[0].id}, {"query": f"last_event_id={events[0].id}"}):
        async with listening(api, "admin", **place) as listener:
            fourth = await call(api)
            rest = await listener.take(3 if "query" not in place else 4)
        assert ids(events) == [first, second]
        assert ids(rest)[:2] == [second, third]
        assert ids(rest)[-1] == fourth
        assert rest[0].id == events[1].id


async def test_many_missed_changes_come_in_pages_and_none_is_lost(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "PAGE", 7)
    # room for all that comes while he listens: who can't follow is sent away
    monkeypatch.setattr(feeds, "KEPT_CHANGES", 20)
    async with listening(api, "admin") as listener:
        await call(api)
        first = await listener.next()
    made = [await call(api) for _ in range(40)]

    async with listening(api, "admin", first.id) as listener:
        made += [await call(api) for _ in range(10)]
        events = await listener.take(50)

        assert ids(events) == made
        assert await listener.nothing(0.4)


@pytest.mark.parametrize("last_event_id", ["0", "999999", "-1", "x", "1.5", "9" * 19, "9" * 100_000, "٣"])
async def test_an_unknown_id_begins_with_a_reset(api: Api, last_event_id: str) -> None:
    if not last_event_id.isascii():
        last_event_id = last_event_id.encode().decode("latin-1")
    await call(api)
    async with listening(api, "admin", last_event_id.encode("latin-1", "replace").decode("latin-1")) as listener:
        reset = await listener.next()
        made = await call(api)

        assert listener.status == 200
        assert (reset.event, reset.data) == ("reset", {})
        assert ids([await listener.next()]) == [made]
    async with listening(api, "admin", reset.id) as listener:
        assert ids([await listener.next()]) == [made]


async def test_what_is_older_than_24_hours_is_forgotten_and_its_id_is_a_reset(api: Api) -> None:
    async with listening(api, "admin") as listener:
        old = await call(api)
        young = await call(api)
        events = await listener.take(2)
    await api.owner.execute("update live_event set at = now() - interval '25 hours' where entity_id = $1", old)

    await api.services.database.execute(feeds.SQL.purge)

    assert await api.owner.fetchval("select array_agg(entity_id) from live_event") == [young]
    async with listening(api, "admin", events[0].id) as listener:
        assert (await listener.next()).event == "reset"
    async with listening(api, "admin", events[1].id) as listener:
        assert await listener.nothing(0.4)


async def test_changes_that_nobody_heard_are_forgotten_with_what_came_before_them(api: Api) -> None:
    async with listening(api, "admin") as listener:
        await call(api)
        heard = await listener.next()
    await call(api)
    await api.owner.execute("update live_event set at = now() - interval '25 hours'")

    await api.services.database.execute(feeds.SQL.purge)

    assert await api.owner.fetchval("select count(*) from live_event") == 0
    async with listening(api, "admin", heard.id) as listener:
        assert (await listener.next()).event == "reset"


async def test_what_commits_late_is_still_heard(api: Api) -> None:
    other = await asyncpg.connect(api.owner_url)
    await other.execute("select set_config('dcms.context', '{}', false)")
    insert = (
        "insert into call (direction, contact_type, status, started_at) "
        "values ('in', 'prospect', 'completed', now()) returning call_id"
    )
    async with listening(api, "admin") as listener:
        transaction = other.transaction()
        await transaction.start()
        late = await other.fetchval(insert)
        early = await call(api)
        events = [await listener.next()]
        await transaction.commit()
        events.append(await listener.next())
    async with listening(api, "admin", events[0].id) as listener:
        again = await listener.next()
    await other.close()

    assert ids(events) == [early, late]
    assert again == events[1]


async def test_writers_and_listeners_at_once_hear_everything_in_one_order(api: Api) -> None:
    connections = [await asyncpg.connect(api.owner_url) for _ in range(6)]

    async def write(connection: Any, count: int) -> None:
        await connection.execute("select set_config('dcms.context', '{}', false)")
        for number in range(count):
            async with connection.transaction():
                await connection.execute(
                    "insert into call (direction, contact_type, status, started_at) "
                    "values ('in', 'prospect', 'completed', now())"
                )
                await asyncio.sleep(0.002 * (number % 5))

    async with listening(api, "admin") as one, listening(api, "doctor") as two:
        await asyncio.gather(*(write(connection, 25) for connection in connections))
        heard = [await listener.take(150) for listener in (one, two)]
    for connection in connections:
        await connection.close()

    assert [event.id for event in heard[0]] == [event.id for event in heard[1]]
    assert sorted(ids(heard[0])) == list(range(1, 151))
    async with listening(api, "admin", heard[0][70].id) as listener:
        assert [event.id for event in await listener.take(79)] == [event.id for event in heard[0][71:]]


async def test_a_patients_login_hears_of_his_own_appointments_only(api: Api) -> None:
    own = (await make.patient(api))["patient_id"]
    other = (await make.patient(api))["patient_id"]
    client = await api.own_patient(own)
    token = client.headers["authorization"].removeprefix("Bearer ")
    async with listening(api, token) as listener:
        await appointment(api, other)
        await api.owner.execute(
            "insert into call (direction, contact_type, status, started_at, patient_id) "
            "values ('in', 'patient', 'completed', now(), $1)",
            own,
        )
        mine = await appointment(api, own)

        assert ids([await listener.next()]) == [mine]
        assert await listener.nothing()


async def test_a_change_of_roles_counts_in_a_running_stream(api: Api) -> None:
    async with listening(api, "receptionist") as listener:
        await call(api)
        await listener.next()
        await api.owner.execute("update dcms_user set roles = '{patient}' where username = 'receptionist'")
        await asyncio.sleep(1)
        await call(api)

        assert await listener.nothing()


async def test_a_revoked_session_ends_its_streams_within_a_second(api: Api) -> None:
    async with listening(api, "doctor") as listener, listening(api, "admin") as other:
        await api.owner.execute(
            "update session set revoked_at = now() where session_id = $1", api.session_ids["doctor"]
        )
        started = time.monotonic()
        await listener.over(2)

        assert time.monotonic() - started < 1.2
        assert not other.is_over.is_set()


async def test_a_stream_ends_with_its_token(api: Api) -> None:
    roles = frozenset({Role.DOCTOR})
    now = time.time()
    caller = Caller(
        user_id=api.user_ids["doctor"],
        session_id=api.session_ids["doctor"],
        roles=roles,
        permissions=permissions_of(roles),
        expires_at=int(now) + 2,
    )
    async with listening(api, api.services.tokens.sign_access(caller, now)) as listener:
        assert not listener.is_over.is_set()
        await listener.over(4)

    assert time.time() >= int(now) + 2


async def test_heartbeats_keep_the_connection_open(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert streams.HEARTBEAT_S == 15
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.3)
    async with listening(api, "doctor") as listener:
        await asyncio.sleep(1.5)

    assert listener.comments.count(": heartbeat") in (3, 4, 5)


async def test_a_user_has_so_many_streams_and_no_more(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "MAX_LISTENERS_PER_USER", 2)
    monkeypatch.setattr(feeds, "MAX_LISTENERS", 3)
    async with listening(api, "doctor"), listening(api, "doctor"):
        answer = await api.doctor.get("/events")
        assert problem(answer, 429, "too_many_requests")
        assert answer.headers["retry-after"]
        async with listening(api, "admin"):
            answer = await api.manager.get("/events")
            problem(answer, 503, "unavailable")
            assert answer.headers["retry-after"]
    async with listening(api, "doctor") as listener:
        assert listener.status == 200


async def test_who_does_not_read_is_dropped(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "SEND_TIMEOUT_S", 0.3)
    async with listening(api, "doctor") as listener, listening(api, "admin") as other:
        listener.is_reading.clear()
        await call(api)
        await listener.over(3)

        assert ids([await other.next()])


async def test_who_reads_too_slowly_is_dropped_and_may_come_back(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "KEPT_CHANGES", 5)
    async with listening(api, "doctor") as listener:
        made = [await call(api)]
        first = await listener.next()
        listener.is_reading.clear()
        made.append(await call(api))
        await asyncio.sleep(0.8)
        made += [await call(api) for _ in range(20)]
        await asyncio.sleep(0.8)
        listener.is_reading.set()
        await listener.over(3)
        last = (await listener.next()).id

    async with listening(api, "doctor", last) as listener:
        rest = await listener.take(20)
    assert [first.data["id"], *ids(rest)] == [made[0], *made[2:]]


async def test_the_feed_outlives_a_database_that_goes_away(api: Api) -> None:
    async with listening(api, "doctor") as listener:
        first = await call(api)
        assert ids([await listener.next()]) == [first]
        await api.owner.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
        second = await call(api)

        assert ids([await listener.next()]) == [second]


async def test_nothing_is_asked_of_the_database_when_nobody_listens(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = api.services.feed
    asked: list[int] = []
    kept_after = feed.kept_after

    async def counted(number: int) -> Any:
        asked.append(number)
        return await kept_after(number)

    monkeypatch.setattr(feed, "kept_after", counted)
    async with listening(api, "doctor"), listening(api, "admin"), listening(api, "manager"):
        await asyncio.sleep(1.2)
    polls = len(asked)
    await asyncio.sleep(0.5)
    asked.clear()
    await asyncio.sleep(1)

    # one reading for all, not one for each
    assert 2 <= polls <= 5
    assert asked == []


async def test_streams_hold_no_connection(api: Api) -> None:
    roles = ["admin", "manager", "doctor", "assistant", "receptionist", "patient"]
    async with AsyncExitStack() as stack:
        # more than the pool has
        for role in roles * 3:
            await stack.enter_async_context(listening(api, role))
        answers = await asyncio.gather(*(getattr(api, role).get("/clinic") for role in roles))

    assert [answer.status_code for answer in answers] == [200] * 6


async def test_streams_hold_no_place_among_the_requests_that_are_worked_on(api: Api) -> None:
    async with listening(api, "doctor") as listener:
        while api.app.admission.taken:  # noqa: ASYNC110 - the stream begins to listen to its client
            await asyncio.sleep(0.01)
    await listener.over()

    assert api.app.admission.taken == 0


async def test_head_answers_at_once(api: Api) -> None:
    async with listening(api, "doctor", method="HEAD") as listener:
        await listener.over(2)

    assert (listener.status, listener.body) == (200, b"")


async def test_a_stream_ends_when_the_service_stops(api: Api) -> None:
    async with listening(api, "doctor") as listener:
        await api.services.feed.close()
        await listener.over(1)
        problem(await api.doctor.get("/events"), 503, "unavailable")
        api.services.feed.open()


async def test_without_a_login_there_is_nothing_to_hear(api: Api) -> None:
    problem(await api.anonymous.get("/events"), 401, "unauthenticated")
    problem(await api.doctor.get("/events?shoe_size=42"), 400, "invalid_request")


async def test_a_request_id_and_the_security_headers_are_on_the_stream(api: Api) -> None:
    async with listening(api, "doctor") as listener:
        pass

    assert listener.headers["x-request-id"]
    assert listener.headers["x-content-type-options"] == "nosniff"
    assert listener.headers["last-event-id"].isdigit()
