-- Everything that happened with a patient, newest first, of the kinds asked for.
with held as materialized (
    select array_agg(e164) as numbers
    from patient_phone
    where patient_id = :patient_id
),
entry as (
    select
        appointment.starts_at as at,
        'appointment' as kind,
        appointment.appointment_id as id,
        'Appointment with ' || coalesce(employee.title || ' ', '') || employee.first_name || ' ' || employee.last_name as title,
        appointment.status as detail
    from appointment
    join employee on employee.employee_id = appointment.doctor_id
    where appointment.patient_id = :patient_id
        and 'appointment' = any (:kinds::text[])
    union all
    select
        local_instant(treatment.performed_on + time '12:00', clinic_settings.timezone),
        'treatment',
        treatment.treatment_id,
        coalesce(
            (
                select string_agg(treatment_item.service_name, ', ' order by treatment_item.treatment_item_id)
                from treatment_item
                where treatment_item.treatment_id = treatment.treatment_id
                    and treatment_item.deleted_at is null
            ),
            'Treatment'
        ),
        coalesce(treatment.diagnosis, treatment.status)
    from treatment
    cross join clinic_settings
    where treatment.patient_id = :patient_id
        and treatment.deleted_at is null
        and 'treatment' = any (:kinds::text[])
    union all
    select
        coalesce(sms.received_at, sms.sent_at, sms.scheduled_for, sms.created_at),
        'message',
        sms.sms_id,
        case sms.direction when 'in' then 'Message from ' else 'Message to ' end || coalesce(sms.e164, 'unknown'),
        sms.text
    from sms
    where sms.deleted_at is null
        and 'message' = any (:kinds::text[])
        and (
            sms.patient_id = :patient_id
            or sms.e164 = any ((select numbers from held)::text[])
        )
    union all
    select
        call.started_at,
        'call',
        call.call_id,
        case call.direction when 'in' then 'Call from ' else 'Call to ' end || coalesce(call.e164, 'unknown'),
        call.status
    from call
    where call.deleted_at is null
        and 'call' = any (:kinds::text[])
        and (
            call.patient_id = :patient_id
            or call.e164 = any ((select numbers from held)::text[])
        )
    union all
    select
        coalesce(local_instant(invoice.issued_on + time '12:00', clinic_settings.timezone), invoice.created_at),
        'invoice',
        invoice.invoice_id,
        'Invoice ' || coalesce(invoice.number, 'draft'),
        invoice.total || ' ' || clinic_settings.currency || ', ' || invoice.status
    from invoice
    cross join clinic_settings
    where invoice.patient_id = :patient_id
        and 'invoice' = any (:kinds::text[])
        -- a voided draft never had a number
        and (:own_patient_id::bigint is null or invoice.number is not null)
    union all
    select
        payment.received_at,
        'payment',
        payment.payment_id,
        'Payment by ' || payment.method,
        payment.amount || ' ' || clinic_settings.currency
    from payment
    cross join clinic_settings
    where payment.patient_id = :patient_id
        and 'payment' = any (:kinds::text[])
)
select entry.at, entry.kind, entry.id, entry.title, entry.detail
from entry
where (:starts_at::timestamptz is null or entry.at >= :starts_at)
    and (:ends_at::timestamptz is null or entry.at < :ends_at)
    and (:after_at::timestamptz is null or (entry.at, entry.kind, entry.id) < (:after_at, :after_kind::text, :after_id::bigint))
order by entry.at desc, entry.kind desc, entry.id desc
limit :limit
