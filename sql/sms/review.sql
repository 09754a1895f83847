-- Note that an incoming message was read; the first time counts.
update sms
set (reviewed_at, reviewed_by) = (
    select
        coalesce(sms.reviewed_at, now()),
        case when sms.reviewed_at is null then :caller_id else sms.reviewed_by end
)
where sms_id = :sms_id
    and deleted_at is null
    and require_version(version, :if_match)
    and (direction = 'in' or refuse(409, 'invalid_transition', '{"allowed": [], "detail": "Only incoming messages are reviewed."}'))
    and acting(:context)
returning
    sms_id,
    phone_number_id_of(patient_id, e164) as phone_number_id,
    patient_id,
    number_candidates(patient_id, e164) as candidates,
    e164,
    direction,
    text,
    status,
    segments,
    encoding,
    template_id,
    batch_id,
    appointment_id,
    provider,
    provider_message_id,
    error_code,
    scheduled_for,
    sent_at,
    delivered_at,
    received_at,
    reviewed_at,
    reviewed_by,
    created_by,
    created_at,
    version
