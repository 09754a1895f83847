"""What the worker does every hour."""

import pytest

from dcms.worker import housekeeping
from dcms.worker.housekeeping import keep_house
from tests.api import Api


async def test_what_is_too_old_goes_and_the_rest_stays(api: Api) -> None:
    await api.owner.execute(
        """
        insert into access_change (user_id, at)
        values (1, now() - interval '71 minutes'), (2, now() - interval '69 minutes');
        insert into idempotency_key (user_id, key, fingerprint, status, headers, body, created_at)
        values
            (1, 'old', '', 200, '[]', '', now() - interval '25 hours'),
            (1, 'new', '', 200, '[]', '', now() - interval '23 hours');
        insert into webhook_event (kind, subject, event, details, body, content_type, query_string, received_at)
        values
            ('call', 'old', '', '{}', '', '', '', now() - interval '91 days'),
            ('call', 'new', '', '{}', '', '', '', now() - interval '89 days');
        insert into outbox (kind, payload, created_at, failed_at)
        values
            ('old', '{}', now() - interval '99 days', now() - interval '91 days'),
            ('new', '{}', now() - interval '99 days', now() - interval '89 days'),
            ('waiting', '{}', now() - interval '99 days', null);
        """
    )

    await keep_house(api.services.database, access_token_ttl_s=600)

    assert await api.owner.fetchval("select array_agg(user_id) from access_change") == [2]
    assert await api.owner.fetchval("select array_agg(key) from idempotency_key") == ["new"]
    assert await api.owner.fetchval("select array_agg(subject) from webhook_event") == ["new"]
    assert await api.owner.fetchval("select array_agg(kind order by kind) from outbox") == ["new", "waiting"]


async def test_the_audit_log_has_its_next_months(api: Api) -> None:
    name = await api.owner.fetchval("select 'audit_log_' || to_char(now() + interval '2 months', 'YYYY_MM')")
    await api.owner.execute(f"drop table {name}")

    await keep_house(api.services.database, access_token_ttl_s=600)

    assert await api.owner.fetchval("select to_regclass($1) is not null", name)


async def test_what_fails_does_not_keep_the_rest_from_being_done(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await api.owner.execute("insert into access_change (user_id, at) values (1, now() - interval '3 days')")
    await api.owner.execute("revoke delete on idempotency_key from dcms_app")
    done: list[str] = []
    monkeypatch.setattr(housekeeping.log, "warning", lambda event, **fields: done.append(fields["statement"]))

    await keep_house(api.services.database, access_token_ttl_s=600)

    assert done == ["idempotency/purge.sql"]
    assert await api.owner.fetchval("select count(*) from access_change") == 0
