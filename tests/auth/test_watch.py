"""A revoked session, a disabled user or a changed role counts on every process within a second, whatever is cut."""

import asyncio
import time

import asyncpg
import pytest

from dcms.access import watch as watches
from dcms.web.front import Front
from tests import make
from tests.api import PASSWORD, Api, problem
from tests.auth.test_sessions import open_session


async def test_it_reaches_another_process_within_a_second(api: Api, other: Front) -> None:
    client = api.client(api.doctor.headers["authorization"].partition(" ")[2], app=other)
    assert (await client.get("/auth/me")).status_code == 200

    await api.doctor.post("/auth/sessions/revoke_all")
    started = time.monotonic()
    while (await client.get("/auth/sessions")).status_code == 200:
        assert time.monotonic() - started < 1
        await asyncio.sleep(0.01)

    problem(await client.get("/auth/me"), 401, "unauthenticated")


async def test_a_process_whose_watch_is_cut_asks_the_database(api: Api, other: Front) -> None:
    session_id, _ = await open_session(api)
    client = api.client(api.token(api.user_ids["doctor"], session_id, ["doctor"]), app=other)
    watch = other.services.watch
    assert watch._task is not None
    watch._task.cancel()
    # as if its last reading had been a while ago
    watch._read_at -= watches.FRESH_FOR_S
    assert (await client.get("/auth/sessions")).status_code == 200

    await api.owner.execute("update session set revoked_at = now() where session_id = $1", session_id)

    problem(await client.get("/auth/sessions"), 401, "unauthenticated")
    roles = "update dcms_user set roles = '{receptionist}' where username = 'admin'"
    await api.owner.execute("insert into dcms_user (username, display_name, roles) values ('second', 'S', '{admin}')")
    await api.owner.execute(roles)
    admin = api.client(api.admin.headers["authorization"].partition(" ")[2], app=other)
    problem(await admin.get("/users"), 403, "forbidden")


async def test_a_reading_counts_for_less_than_a_second(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = api.services.watch
    await watch.read()
    read_at = time.monotonic()

    assert watch.is_fresh
    monkeypatch.setattr(time, "monotonic", lambda: read_at + watches.FRESH_FOR_S)
    assert not watch.is_fresh
    assert watches.FRESH_FOR_S < 1
    assert watches.POLL_INTERVAL_S + watches.POLL_TIMEOUT_S < 1


async def test_a_killed_connection_is_made_anew(api: Api) -> None:
    watch = api.services.watch
    await watch.read()
    await api.owner.execute(
        """
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and query like '%pg_snapshot_xmin%'
        """
    )
    await api.owner.execute("update session set revoked_at = now() where session_id = $1", api.session_ids["doctor"])

    started = time.monotonic()
    while (await api.doctor.get("/auth/sessions")).status_code == 200:
        assert time.monotonic() - started < 1
        await asyncio.sleep(0.01)
    await asyncio.sleep(2 * watches.POLL_INTERVAL_S)
    assert watch.is_fresh


async def test_another_server_counts_its_transactions_anew(api: Api) -> None:
    """After a fail-over to a restored copy the transactions' numbers may be lower than those known here."""
    watch = api.services.watch
    await watch.read()
    async with watch._reading:
        watch._xmin = str(2**40)
        assert watch._connection is not None
        watch._connection.terminate()
        watch._read_at = float("-inf")

    await api.owner.execute("update session set revoked_at = now() where session_id = $1", api.session_ids["doctor"])
    await watch.read()

    assert watch.is_fresh
    problem(await api.doctor.get("/auth/sessions"), 401, "unauthenticated")


async def test_a_failed_reading_is_not_trusted_any_longer(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = api.services.watch
    await watch.read()

    async def fail() -> None:
        raise TimeoutError

    monkeypatch.setattr(watch, "_read", fail)
    await api.owner.execute("update session set revoked_at = now() where session_id = $1", api.session_ids["doctor"])
    await watch.refresh()

    assert not watch.is_fresh
    problem(await api.doctor.get("/auth/sessions"), 401, "unauthenticated")


async def test_what_is_committed_late_is_not_missed(api: Api) -> None:
    watch = api.services.watch
    slow = await asyncpg.connect(api.owner_url)
    await slow.execute("select set_config('dcms.context', '{}', false)")
    late = slow.transaction()
    await late.start()
    await slow.execute("update session set revoked_at = now() where session_id = $1", api.session_ids["doctor"])
    # a younger transaction that is read before the older one is there to be read
    await api.assistant.post("/auth/logout")
    for _ in range(3):
        await watch.read()
    assert (await api.doctor.get("/auth/sessions")).status_code == 200

    await late.commit()
    await slow.close()
    await watch.read()

    problem(await api.doctor.get("/auth/sessions"), 401, "unauthenticated")


async def test_a_changed_role_keeps_the_session_with_the_new_rights(api: Api) -> None:
    user_id = api.user_ids["doctor"]
    problem(await api.doctor.get("/users"), 403, "forbidden")

    await api.admin.patch(f"/users/{user_id}", json={"roles": ["manager"]})

    assert (await api.doctor.get("/users")).status_code == 200
    assert (await api.doctor.get("/auth/me")).json()["session_id"] == api.session_ids["doctor"]
    await api.admin.patch(f"/users/{user_id}", json={"roles": ["assistant"]})
    problem(await api.doctor.get("/users"), 403, "forbidden")


async def test_what_was_just_given_counts_at_once_in_every_process(api: Api, other: Front) -> None:
    """A refusal is never old news: before it the database is asked."""
    watch = other.services.watch
    assert watch._task is not None
    watch._task.cancel()
    doctor = api.client(api.doctor.headers["authorization"].partition(" ")[2], app=other)
    change = "update dcms_user set (is_active, must_change_password, roles) = ({}) where username = 'doctor'"
    await api.owner.execute(change.format("false, true, roles"))
    await watch.read()
    problem(await doctor.get("/users"), 401, "unauthenticated")

    await api.owner.execute(change.format("true, false, array['manager']"))
    watch._read_at = time.monotonic() + 60

    assert (await doctor.get("/users")).status_code == 200


async def test_a_link_counts_at_once_in_every_process(api: Api, other: Front) -> None:
    patient = await make.patient(api)
    client = api.client(api.patient.headers["authorization"].partition(" ")[2], app=other)
    path = f"/patients/{patient['patient_id']}"
    problem(await client.get(path), 403, "forbidden")

    await api.owner.execute(
        "update patient set user_id = $1 where patient_id = $2", api.user_ids["patient"], patient["patient_id"]
    )

    assert (await client.get(path)).status_code == 200
    await api.owner.execute("update patient set user_id = null")
    await other.services.watch.read()
    problem(await client.get(path), 403, "forbidden")


async def test_a_disabled_user_is_shut_out_and_let_in_again(api: Api) -> None:
    path = f"/users/{api.user_ids['doctor']}"
    await api.admin.post(f"{path}/disable")
    problem(await api.doctor.get("/auth/me"), 401, "unauthenticated")

    await api.admin.post(f"{path}/enable")
    await api.give_password("doctor")
    answer = await api.anonymous.post("/auth/login", json={"username": "doctor", "password": PASSWORD})

    problem(await api.doctor.get("/auth/me"), 401, "unauthenticated")
    assert (await api.client(answer.json()["access_token"]).get("/auth/me")).status_code == 200


async def test_many_who_ask_at_once_share_a_reading(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = api.services.watch
    read = watch._read
    readings = 0

    async def count() -> None:
        nonlocal readings
        readings += 1
        await read()

    monkeypatch.setattr(watch, "_read", count)

    await asyncio.gather(*(watch.refresh() for _ in range(50)))

    assert readings <= 3


async def test_a_bug_in_a_reading_does_not_end_the_readings(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = api.services.watch

    async def fail() -> None:
        raise KeyError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(watch, "_read", fail)
        await asyncio.sleep(2 * watches.POLL_INTERVAL_S)
        watch._read_at -= watches.FRESH_FOR_S
        assert (await api.doctor.get("/auth/me")).status_code == 200
    await asyncio.sleep(2 * watches.POLL_INTERVAL_S)

    assert watch.is_fresh


async def test_what_no_token_can_outlive_is_forgotten(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = api.services.watch
    watch._ended = dict.fromkeys(range(1, 2000), watch._read_at - 1)
    monkeypatch.setattr(watch, "_window_s", 0)

    await watch.read()

    assert watch._ended == {}
