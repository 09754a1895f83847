-- Every entry of the audit log, for the list's filters.
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
from audit_log
