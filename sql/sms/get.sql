-- One message.
select
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
from sms
where sms_id = :sms_id
    and deleted_at is null
