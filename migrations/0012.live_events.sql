-- Changes for live screens: one row for each write to an appointment, a message or a call, kept 24 hours.

-- Transactions commit in another order than they write, so a reader that remembers the last id it saw would miss
-- what commits late. A row therefore gets the number that readers remember only after its commit, from one
-- transaction at a time: whatever appears later has a higher one. Nobody waits for transactions that still run.
create table live_event (
    live_event_id bigint generated always as identity primary key,
    number bigint constraint live_event_number_unique unique,
    at timestamptz not null default clock_timestamp(),
    entity text not null constraint live_event_entity_known check (entity in ('appointment', 'message', 'call')),
    entity_id bigint not null,
    patient_id bigint,
    action text not null,
    version bigint not null
);
create index live_event_unnumbered on live_event (live_event_id) where number is null;
create index live_event_at on live_event (at);
create sequence live_event_number as bigint;

-- Number what has been committed. Who comes second waits and finds the work done. The order of writing keeps the
-- versions of one record in order: its writers wait for each other.
create function number_live_events() returns void
language plpgsql volatile as $$
begin
    if not exists (select from live_event where number is null) then
        return;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('number_live_events', 0));
    -- a statement of its own: its snapshot is taken after the lock
    update live_event
    set number = numbered.number
    from (
        select ready.live_event_id, nextval('live_event_number') as number
        from (
            select live_event_id
            from live_event
            where live_event.number is null
            order by live_event_id
            limit 10000
        ) as ready
    ) as numbered
    where live_event.live_event_id = numbered.live_event_id;
end
$$;

-- The numbered changes after a number, in order.
create function live_events_after(last_number bigint, most integer) returns setof live_event
language plpgsql volatile as $$
begin
    perform number_live_events();
    return query
    select *
    from live_event
    where number > last_number
    order by number
    limit most;
end
$$;

-- Where a new reader begins, and whether what a returning one saw last is still kept.
create function live_event_position(last_number bigint, out head bigint, out is_known boolean)
language plpgsql volatile as $$
begin
    perform number_live_events();
    select coalesce(max(number), 0), coalesce(bool_or(number = last_number), false)
    into head, is_known
    from (
        (select number from live_event where number is not null order by number desc limit 1)
        union all
        select number from live_event where number = last_number
    ) as found;
end
$$;

-- Forget what is older than 24 hours, from the lowest number on without a gap. All are numbered first, so that none
-- goes that a reader could not know it missed.
create function purge_live_events() returns bigint
language plpgsql volatile as $$
declare
    oldest_kept bigint;
    purged bigint;
begin
    perform number_live_events();
    select min(number) into oldest_kept from live_event where at >= now() - interval '24 hours';
    delete from live_event
    where at < now() - interval '24 hours'
        and number < coalesce(oldest_kept, 9223372036854775807);
    get diagnostics purged = row_count;
    return purged;
end
$$;

-- Arguments: what clients call it, and its id column. A write that counts no version is no change to see.
create function note_live_event() returns trigger
language plpgsql as $$
declare
    changed jsonb := to_jsonb(case tg_op when 'DELETE' then old else new end);
begin
    insert into live_event (entity, entity_id, patient_id, action, version)
    values (
        tg_argv[0],
        (changed ->> tg_argv[1])::bigint,
        (changed ->> 'patient_id')::bigint,
        case
            when tg_op = 'INSERT' then 'create'
            when tg_op = 'DELETE' or changed ->> 'deleted_at' is not null then 'delete'
            else 'update'
        end,
        (changed ->> 'version')::bigint
    );
    return null;
end
$$;

create trigger note_live_event after insert or delete on appointment
for each row execute function note_live_event('appointment', 'appointment_id');
create trigger note_live_event_update after update on appointment
for each row when (old.version <> new.version) execute function note_live_event('appointment', 'appointment_id');
create trigger note_live_event after insert or delete on sms
for each row execute function note_live_event('message', 'sms_id');
create trigger note_live_event_update after update on sms
for each row when (old.version <> new.version) execute function note_live_event('message', 'sms_id');
create trigger note_live_event after insert or delete on call
for each row execute function note_live_event('call', 'call_id');
create trigger note_live_event_update after update on call
for each row when (old.version <> new.version) execute function note_live_event('call', 'call_id');
