-- The entries about one patient since then, lists and searches that showed him too; two arms, so that each has its index.
with asked as materialized (
    select :patient_id::bigint as patient_id, coalesce(:since::timestamptz, '-infinity') as since
)
select
    audit_id,
    at,
    actor_id,
    impersonator_id,
    session_id,
    action,
    entity,
    entity_id,
    patient_id,
    host(ip) as ip,
    user_agent,
    request_id,
    before::text as before,
    after::text as after
from (
    select *
    from audit_log
    where patient_id = (select patient_id from asked)
        and at >= (select since from asked)
    union all
    select *
    from audit_log
    where patient_ids @> array[(select patient_id from asked)]
        and patient_id is distinct from (select patient_id from asked)
        and at >= (select since from asked)
) as entry
