-- Check the seals after a position against the entries they seal; name what was changed, deleted, moved or added.
with chain as materialized (
    select
        position,
        audit_id,
        at,
        digest,
        lag(position) over (order by position) as position_before,
        lag(digest) over (order by position) as digest_before
    from audit_seal
    where position between :after::bigint and :after::bigint + :most::integer
),
head as (
    select position, digest
    from audit_seal
    order by position desc
    limit 1
),
checked as materialized (
    select
        chain.position,
        chain.audit_id,
        case
            when chain.position > 1 and chain.position_before is distinct from chain.position - 1 then 'unchained'
            when entry.audit_id is null
                then case
                    when exists (select from audit_log as moved where moved.audit_id = chain.audit_id) then 'moved'
                    else 'deleted'
                end
            when audit_digest(entry, coalesce(chain.digest_before, '')) <> chain.digest then 'changed'
        end as kind
    from chain
    left join audit_log as entry
        on entry.at = chain.at
            and entry.audit_id = chain.audit_id
            and entry.at between (select min(at) from chain) and (select max(at) from chain)
    where chain.position > :after
),
faults as materialized (
    select position, audit_id, kind
    from checked
    where kind is not null
    union all
    -- an entry below which nothing can appear any more, and nobody sealed it
    select null, added.audit_id, 'added'
    from audit_log as added
    where added.at between (select min(at) from chain) and (select max(at) from chain)
        and added.audit_id <= audit_settled()
        and not exists (
            select from audit_seal where audit_seal.audit_id = added.audit_id and audit_seal.at = added.at
        )
        and not exists (select from checked where checked.audit_id = added.audit_id and checked.kind = 'moved')
    union all
    -- the end of the chain was cut off
    select coalesce((select position from head), 0) + 1, null, 'unchained'
    from audit_seal_batch
    having max(last_position) is distinct from coalesce((select position from head), 0)
        and count(*) > 0
)
select
    not exists (select from faults) as is_intact,
    (select count(*) from checked) as checked,
    (select count(*) from faults) as fault_count,
    coalesce(
        (
            select jsonb_agg(to_jsonb(named) order by named.position, named.audit_id)
            from (select position, audit_id, kind from faults order by position, audit_id limit 100) as named
        ),
        '[]'
    ) as faults,
    (
        select case when head.position > :after::bigint + :most::integer then :after::bigint + :most::integer end
        from head
    ) as next_after,
    (
        select count(*)
        from (
            select
            from audit_log
            where audit_id > audit_settled()
                and not exists (select from audit_seal where audit_seal.audit_id = audit_log.audit_id)
            limit 10000
        ) as unsealed
    ) as unsealed,
    (select position from head) as last_position,
    (select encode(digest, 'hex') from head) as last_digest
