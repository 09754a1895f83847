-- Change the label of a number whose holder is locked, and its opt-out wherever it is held.
with changed as (
    update patient_phone
    set (label, sms_opt_out) = (
        select changed.label, changed.sms_opt_out
        from jsonb_populate_record(patient_phone, :changes::jsonb) as changed
    )
    where phone_number_id = :phone_number_id
        and patient_id = :holder_id
        and require_version(version, :if_match)
        and acting(:context)
    returning phone_number_id, e164, sms_opt_out
),
decided as (
    update phone_number
    set sms_opt_out = changed.sms_opt_out, opt_out_decided_at = now()
    from changed
    where phone_number.e164 = changed.e164
        -- said again it is decided again: an older wish of its holder that is worked on later doesn't count
        and :changes::jsonb ? 'sms_opt_out'
)
select phone_number_id
from changed
