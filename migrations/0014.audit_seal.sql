-- The audit log is sealed: a chain of hashes over its committed entries names one that is changed, deleted or moved.

-- One for each entry, in the order of sealing: the hash of the entry and of the one before it.
create table audit_seal (
    position bigint not null constraint audit_seal_position primary key,
    audit_id bigint not null constraint audit_seal_audit_id_unique unique,
    at timestamptz not null,
    digest bytea not null constraint audit_seal_digest_length check (length(digest) = 32)
);

-- One for each run of the sealing. Transactions commit in another order than they number their entries: those that
-- might still bring one below `highest_audit_id` have an id below `next_transaction`. A later run that began when all
-- of these had ended has seen what they brought.
create table audit_seal_batch (
    audit_seal_batch_id bigint generated always as identity primary key,
    sealed_at timestamptz not null default now(),
    entries integer not null,
    last_position bigint not null,
    highest_audit_id bigint not null,
    next_transaction xid8 not null,
    -- null when the run left some for the next
    oldest_running_transaction xid8
);

-- the service reads them; only seal_audit_log() writes them
revoke all on audit_seal, audit_seal_batch from dcms_app;
grant select on audit_seal, audit_seal_batch to dcms_app;

-- The hash of an entry behind another. Of its values, not of their text, which depends on the session's settings.
create function audit_digest(entry audit_log, previous bytea) returns bytea
language sql stable as $$
    select sha256(previous || convert_to(jsonb_build_array(
        entry.audit_id,
        extract(epoch from entry.at),
        entry.actor_id,
        entry.impersonator_id,
        entry.session_id,
        entry.action,
        entry.entity,
        entry.entity_id,
        entry.patient_id,
        entry.patient_ids,
        text(entry.ip),
        entry.user_agent,
        entry.request_id,
        entry.before,
        entry.after
    )::text, 'UTF8'))
$$;

-- The audit_id below which no entry can appear any more. The minute is for a transaction that has numbered its entry,
-- but has no id of its own yet.
create function audit_settled() returns bigint
language sql stable as $$
    select coalesce(max(batch.highest_audit_id), 0)
    from audit_seal_batch as batch
    where exists (
        select
        from audit_seal_batch as later
        where later.oldest_running_transaction >= batch.next_transaction
            and later.sealed_at > batch.sealed_at + interval '1 minute'
    )
$$;

-- Seal what has been committed, at most so many entries: how many it were, and the end of the chain. Whoever comes second
-- leaves it to the first. It runs as the owner, because the service's role may not write seals.
create function seal_audit_log(most integer, out entries integer, out last_position bigint, out last_digest bytea)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    entry audit_log;
    settled bigint;
    oldest_running xid8;
    highest bigint := 0;
begin
    entries := 0;
    if not pg_try_advisory_xact_lock(hashtextextended('seal_audit_log', 0)) then
        return;
    end if;
    -- each statement has a snapshot of its own: this one before the entries are read, the other after
    settled := audit_settled();
    oldest_running := pg_snapshot_xmin(pg_current_snapshot());
    select seal.position, seal.digest
    into last_position, last_digest
    from audit_seal as seal
    order by seal.position desc
    limit 1;
    last_position := coalesce(last_position, 0);
    last_digest := coalesce(last_digest, '');
    for entry in
        select unsealed.*
        from audit_log as unsealed
        where unsealed.audit_id > settled
            and not exists (select from audit_seal as seal where seal.audit_id = unsealed.audit_id)
        order by unsealed.audit_id
        limit most
    loop
        last_position := last_position + 1;
        last_digest := audit_digest(entry, last_digest);
        insert into audit_seal (position, audit_id, at, digest)
        values (last_position, entry.audit_id, entry.at, last_digest);
        highest := entry.audit_id;
        entries := entries + 1;
    end loop;
    if entries > 0 then
        insert into audit_seal_batch (
            entries, last_position, highest_audit_id, next_transaction, oldest_running_transaction
        )
        values (
            seal_audit_log.entries,
            seal_audit_log.last_position,
            highest,
            pg_snapshot_xmax(pg_current_snapshot()),
            case when seal_audit_log.entries < most then oldest_running end
        );
    end if;
end
$$;
revoke all on function seal_audit_log(integer) from public;
grant execute on function seal_audit_log(integer) to dcms_app;

create index audit_log_audit_id on audit_log (audit_id);
