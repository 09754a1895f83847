-- Plan reminders, each once for its appointment, offset and start; none of an appointment that was just moved or dropped.
with reminder as materialized (
    select *
    from jsonb_to_recordset(:reminders::jsonb) as reminder (
        appointment_id bigint, starts_at timestamptz, doctor_id bigint, offset_minutes integer, patient_id bigint, e164 text,
        text text, segments integer, encoding text, template_id bigint
    )
    where acting(:context)
),
standing as materialized (
    select appointment_id, starts_at, doctor_id, patient_id
    from appointment
    where appointment_id in (select appointment_id from reminder)
        and status in ('booked', 'confirmed')
    order by appointment_id
    for share
),
planned as (
    insert into sms (
        patient_id, e164, direction, text, status, segments, encoding, template_id, appointment_id,
        reminder_offset_minutes, reminder_starts_at, reminder_doctor_id, scheduled_for
    )
    select
        reminder.patient_id,
        reminder.e164,
        'out',
        reminder.text,
        'scheduled',
        reminder.segments,
        reminder.encoding,
        reminder.template_id,
        reminder.appointment_id,
        reminder.offset_minutes,
        reminder.starts_at,
        reminder.doctor_id,
        reminder.starts_at - make_interval(mins => reminder.offset_minutes)
    from reminder
    join standing on standing.appointment_id = reminder.appointment_id
        and standing.starts_at = reminder.starts_at
        and standing.doctor_id = reminder.doctor_id
        and standing.patient_id = reminder.patient_id
    on conflict (appointment_id, reminder_offset_minutes, reminder_starts_at)
        where reminder_starts_at is not null and status <> 'canceled'
        do nothing
    returning sms_id, scheduled_for
)
insert into outbox (kind, payload, lane, available_at)
select 'sms.send', jsonb_build_object('sms_id', sms_id), 1, scheduled_for
from planned
