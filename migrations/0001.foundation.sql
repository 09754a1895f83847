-- What every other migration builds on: extensions, the service's role, the request context,
-- refusals, versions, the audit log, idempotency keys, the outbox and the feed of access changes.

create extension if not exists btree_gist;
create extension if not exists pg_trgm;
create extension if not exists unaccent;

-- The service runs as dcms_app (or a role that is a member of it), which owns nothing. Operators give it
-- a login; the migration only makes sure that there is something to grant to.
do $$
begin
    if not exists (select from pg_roles where rolname = 'dcms_app') then
        create role dcms_app nologin;
    end if;
exception
    when duplicate_object or unique_violation then null;
end
$$;

grant usage on schema public to dcms_app;
alter default privileges in schema public grant select, insert, update, delete on tables to dcms_app;
alter default privileges in schema public grant usage, select on sequences to dcms_app;

-- Refuse the statement with one of the service's own problems. SQLSTATE is DC + the HTTP status, the
-- message is the stable code, the detail a JSON object of extra members. Returns boolean only so that it
-- can stand in a condition or a case.
create function refuse(status integer, code text, extra jsonb default '{}') returns boolean
language plpgsql as $$
begin
    raise exception using errcode = 'DC' || status, message = code, detail = extra::text;
end
$$;

-- Say for whom a statement acts: {actor_id, impersonator_id, session_id, ip, user_agent, request_id}.
-- Local to the transaction, so a pooled connection forgets it. Every statement that writes an audited
-- table has `acting(:context)` in it; the audit trigger refuses a write without.
create function acting(context jsonb) returns boolean
language sql volatile as $$
    select set_config('dcms.context', context::text, true) is not null
$$;

-- If-Match: true when no version was asked for or the row has one of them, else 412.
create function require_version(version bigint, if_match bigint[]) returns boolean
language plpgsql immutable as $$
begin
    if if_match is null or version = any (if_match) then
        return true;
    end if;
    return refuse(412, 'version_mismatch');
end
$$;

-- Before update: count the writes that change a row. A write that changes nothing is none.
create function count_version() returns trigger
language plpgsql as $$
begin
    if new is distinct from old then
        new.version := old.version + 1;
        new.updated_at := now();
    end if;
    return new;
end
$$;

-- The instant of a local time in a zone, by the rule of RFC 5545: of a time that occurs twice the first
-- instant, of one that does not exist the instant it would be with the offset before the gap.
-- One expression, so that it becomes a part of the query that calls it, which is ten times faster.
create function local_instant(local_time timestamp, zone text) returns timestamptz
language sql immutable parallel safe as $$
    select case
        -- with the offset of some time before, if that is right
        when (
            local_time
            - ((local_time - interval '36 hours') at time zone 'UTC' at time zone zone - (local_time - interval '36 hours'))
        ) at time zone 'UTC' at time zone zone = local_time
            or (
                local_time
                - ((local_time + interval '36 hours') at time zone 'UTC' at time zone zone - (local_time + interval '36 hours'))
            ) at time zone 'UTC' at time zone zone <> local_time
        then (
            local_time
            - ((local_time - interval '36 hours') at time zone 'UTC' at time zone zone - (local_time - interval '36 hours'))
        ) at time zone 'UTC'
        -- else with that of some time after; if neither is right, the time does not exist
        else (
            local_time
            - ((local_time + interval '36 hours') at time zone 'UTC' at time zone zone - (local_time + interval '36 hours'))
        ) at time zone 'UTC'
    end
$$;

-- The audit log: append-only, also for the service's role. Months are partitions, so that old ones can be
-- moved away whole; rows of a month nobody prepared land in the default partition.
create table audit_log (
    audit_id bigint generated always as identity,
    at timestamptz not null default clock_timestamp(),
    actor_id bigint,
    impersonator_id bigint,
    session_id bigint,
    action text not null,
    entity text not null,
    entity_id bigint,
    patient_id bigint,
    -- the patients of a list or a search, one entry for all of them
    patient_ids bigint[],
    ip inet,
    user_agent text,
    request_id text,
    before jsonb,
    after jsonb,
    primary key (at, audit_id)
) partition by range (at);

create table audit_log_default partition of audit_log default;

-- one for each filter of the list, in its order
create index audit_log_entity on audit_log (entity, at desc, audit_id desc);
create index audit_log_entity_id on audit_log (entity_id, at desc, audit_id desc) where entity_id is not null;
create index audit_log_patient on audit_log (patient_id, at desc, audit_id desc) where patient_id is not null;
create index audit_log_patients on audit_log using gin (patient_ids) where patient_ids is not null;
create index audit_log_actor on audit_log (actor_id, at desc, audit_id desc) where actor_id is not null;
create index audit_log_action on audit_log (action, at desc, audit_id desc);

-- Make the partitions of this month and the coming ones. The worker calls it; it runs as the owner because
-- the service's role may not create tables.
create function prepare_audit_partitions(months integer default 3) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    first_day date;
begin
    perform pg_advisory_xact_lock(hashtextextended('prepare_audit_partitions', 0));
    for ahead in 0..months loop
        first_day := (date_trunc('month', now() at time zone 'UTC') + make_interval(months => ahead))::date;
        begin
            execute format(
                'create table if not exists %I partition of audit_log for values from (%L) to (%L)',
                'audit_log_' || to_char(first_day, 'YYYY_MM'),
                first_day::timestamp at time zone 'UTC',
                (first_day + interval '1 month')::timestamp at time zone 'UTC'
            );
            execute format('revoke all on %I from dcms_app', 'audit_log_' || to_char(first_day, 'YYYY_MM'));
        exception
            -- the default partition already holds rows of that month: they stay there
            when check_violation then null;
        end;
    end loop;
end
$$;

select prepare_audit_partitions(12);

revoke all on audit_log, audit_log_default from dcms_app;
grant select, insert on audit_log to dcms_app;

-- After insert, update or delete of a row: one entry with the fields that changed.
-- Arguments: the id column, the patient's column ('' when there is none), columns never shown. A statement
-- that is more than a write names it: acting(:context::jsonb || '{"action": "login"}').
create function audit_row() returns trigger
language plpgsql as $$
declare
    context jsonb := nullif(current_setting('dcms.context', true), '')::jsonb;
    old_row jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
    new_row jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
    whole jsonb := coalesce(new_row, old_row);
    hidden text[] := tg_argv[2:] || array['version', 'updated_at', 'created_at'];
    old_fields jsonb;
    new_fields jsonb;
    verb text := case tg_op when 'INSERT' then 'create' when 'DELETE' then 'delete' else 'update' end;
begin
    if context is null then
        raise exception 'a write to % without acting(:context)', tg_table_name;
    end if;
    if tg_op = 'UPDATE' then
        select jsonb_object_agg(fields.key, fields.value), jsonb_object_agg(fields.key, new_row -> fields.key)
        into old_fields, new_fields
        from jsonb_each(old_row) as fields
        where fields.value is distinct from new_row -> fields.key
            and fields.key <> all (hidden);
        if old_fields is null then
            return null;
        end if;
        if old_row ->> 'deleted_at' is null and new_row ->> 'deleted_at' is not null then
            verb := 'delete';
        end if;
    else
        old_fields := jsonb_strip_nulls(old_row - hidden);
        new_fields := jsonb_strip_nulls(new_row - hidden);
    end if;
    insert into audit_log (
        actor_id, impersonator_id, session_id, action, entity, entity_id, patient_id, ip, user_agent, request_id,
        before, after
    )
    values (
        (context ->> 'actor_id')::bigint,
        (context ->> 'impersonator_id')::bigint,
        (context ->> 'session_id')::bigint,
        coalesce(context ->> 'action', verb),
        tg_table_name,
        (whole ->> tg_argv[0])::bigint,
        (whole ->> nullif(tg_argv[1], ''))::bigint,
        (context ->> 'ip')::inet,
        context ->> 'user_agent',
        context ->> 'request_id',
        old_fields,
        new_fields
    );
    return null;
end
$$;

-- Idempotency keys hold the first 2xx answer for 24 hours, written in the transaction of its effect.
create table idempotency_key (
    user_id bigint not null,
    key text not null,
    fingerprint bytea not null,
    status integer not null,
    headers jsonb not null,
    body bytea not null,
    created_at timestamptz not null default now(),
    primary key (user_id, key)
);
create index idempotency_key_created_at on idempotency_key (created_at);

-- Take a key for this transaction: 'new', 'replay' (with the kept answer), 'mismatch' or 'in_progress'.
-- A volatile function reads with a snapshot of its own in each statement, so what the former holder of the
-- lock committed is seen.
create function claim_idempotency_key(
    caller_id bigint, wanted_key text, wanted_fingerprint bytea,
    out outcome text, out status integer, out headers jsonb, out body bytea
)
language plpgsql volatile as $$
declare
    kept idempotency_key;
begin
    if not pg_try_advisory_xact_lock(hashtextextended(caller_id || ':' || wanted_key, 1)) then
        outcome := 'in_progress';
        return;
    end if;
    select * into kept from idempotency_key as k where k.user_id = caller_id and k.key = wanted_key;
    if kept.key is null then
        outcome := 'new';
    elsif kept.created_at < now() - interval '24 hours' then
        delete from idempotency_key as k where k.user_id = caller_id and k.key = wanted_key;
        outcome := 'new';
    elsif kept.fingerprint <> wanted_fingerprint then
        outcome := 'mismatch';
    else
        outcome := 'replay';
        status := kept.status;
        headers := kept.headers;
        body := kept.body;
    end if;
end
$$;

-- Work to be done after a commit, by a worker. Attempts are counted when a job is claimed, so a job that
-- kills its worker ends too; an acknowledgement counts only while the lease is held.
create table outbox (
    outbox_id bigint generated always as identity primary key,
    kind text not null,
    payload jsonb not null,
    -- 0: somebody waits for it, 1: reminders, 2: bulk; a lower lane is served first
    lane integer not null default 0 constraint outbox_lane_known check (lane between 0 and 2),
    -- when it may be claimed; a claim moves it to the end of its lease
    available_at timestamptz not null default now(),
    attempts integer not null default 0,
    lease_token uuid,
    -- given up, with the reason; it stays here to be seen and put back
    failed_at timestamptz,
    error_code text,
    created_at timestamptz not null default now()
);
create index outbox_available on outbox (lane, available_at, outbox_id) where failed_at is null;
create index outbox_failed on outbox (failed_at, outbox_id) where failed_at is not null;

-- What changes who may do what, since a token was signed: ended sessions, changed users and links. Every
-- service process reads it several times a second. A row carries its transaction's id: a reader that asks
-- for all since the oldest transaction running at its last reading misses none, in whatever order they commit.
create table access_change (
    access_change_id bigint generated always as identity primary key,
    xid xid8 not null default pg_current_xact_id(),
    at timestamptz not null default clock_timestamp(),
    session_id bigint,
    user_id bigint
);
create index access_change_xid on access_change (xid);
create index access_change_at on access_change (at);
