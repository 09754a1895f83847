-- The entries about one patient, lists and searches that showed him too; two arms, so that each has its index.
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
    where patient_id = :patient_id
    union all
    select *
    from audit_log
    where patient_ids @> array[:patient_id]
        and patient_id is distinct from :patient_id
) as entry
