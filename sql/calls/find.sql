-- Every call, for the list's filters.
select
    call_id,
    e164,
    phone_number_id_of(patient_id, e164) as phone_number_id,
    patient_id,
    number_candidates(patient_id, e164) as candidates,
    employee_id,
    direction,
    contact_type,
    status,
    started_at,
    answered_at,
    ended_at,
    call_duration_s(status, started_at, answered_at, ended_at) as duration_s,
    note,
    provider,
    provider_call_id,
    recorded_by,
    created_at,
    updated_at,
    version
from call
where deleted_at is null
