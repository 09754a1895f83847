-- Write entries of the audit log that no trigger writes: readings, denials, logins, exports.
insert into audit_log (
    at, actor_id, impersonator_id, session_id, action, entity, entity_id, patient_id, patient_ids, ip, user_agent,
    request_id, after
)
select
    coalesce(note.at, clock_timestamp()),
    note.actor_id,
    note.impersonator_id,
    note.session_id,
    note.action,
    note.entity,
    note.entity_id,
    note.patient_id,
    note.patient_ids,
    note.ip,
    note.user_agent,
    note.request_id,
    note.after
from jsonb_to_recordset(:notes::jsonb) as note (
    at timestamptz, actor_id bigint, impersonator_id bigint, session_id bigint, action text, entity text,
    entity_id bigint, patient_id bigint, patient_ids bigint[], ip inet, user_agent text, request_id text, after jsonb
)
