-- What a screen shows of a patient at once; what the caller may not read is null or empty.
with record as (
    select shown.*
    from patient
    cross join lateral patient_answer(patient, :own_patient_id::bigint) as shown
    where patient.patient_id = :patient_id
        and (:own_patient_id::bigint is null or patient.patient_id = :own_patient_id)
),
held as (
    select
        patient_phone.phone_number_id,
        patient_phone.patient_id,
        patient_phone.e164,
        phone_number.national,
        phone_number.region,
        phone_number.type,
        patient_phone.label,
        patient_phone.is_primary,
        phone_number.sms_opt_out,
        -- who else has the number is nothing for a patient's login
        case
            when :own_patient_id::bigint is null then patients_sharing(patient_phone.e164, patient_phone.patient_id)
            else '{}'
        end as shared_with,
        patient_phone.created_at,
        patient_phone.version
    from patient_phone
    join phone_number on phone_number.e164 = patient_phone.e164
    where patient_phone.patient_id = :patient_id
    order by patient_phone.phone_number_id
    limit 100
),
-- his own and those of his numbers, each found by its own index: with `or` all messages are gone through by age
message as materialized (
    select sms_id, created_at
    from sms
    where :reads_messages::boolean
        and deleted_at is null
        and patient_id = :patient_id
    union
    select sms.sms_id, sms.created_at
    from patient_phone
    join sms on sms.e164 = patient_phone.e164 and sms.deleted_at is null
    where :reads_messages::boolean
        and patient_phone.patient_id = :patient_id
),
recent as (
    select shown.*
    from (
        select sms_id
        from message
        order by created_at desc, sms_id desc
        limit 5
    ) as newest
    join sms on sms.sms_id = newest.sms_id
    cross join lateral sms_answer(sms) as shown
)
select
    to_jsonb(record) as patient,
    (
        select coalesce(jsonb_agg(to_jsonb(held) order by held.phone_number_id), '[]')
        from held
    ) as phone_numbers,
    record.alerts,
    (
        select to_jsonb(shown)
        from appointment
        cross join lateral appointment_answer(appointment, :own_patient_id::bigint) as shown
        where :reads_schedule::boolean
            and appointment.patient_id = :patient_id
            and appointment.status in ('booked', 'confirmed', 'came')
            and appointment.starts_at > now()
        order by appointment.starts_at, appointment.appointment_id
        limit 1
    ) as next_appointment,
    (
        select to_jsonb(shown)
        from appointment
        cross join lateral appointment_answer(appointment, :own_patient_id::bigint) as shown
        where :reads_schedule::boolean
            and appointment.patient_id = :patient_id
            and (
                appointment.status = 'finished'
                or (appointment.status in ('booked', 'confirmed', 'came') and appointment.starts_at <= now())
            )
        order by appointment.starts_at desc, appointment.appointment_id desc
        limit 1
    ) as last_appointment,
    (
        select to_jsonb((charged.sum - received.sum)::numeric(30, 2)::text)
        from (
            select coalesce(sum(total), 0) as sum
            from invoice
            where patient_id = :patient_id
                and status in ('issued', 'paid')
        ) as charged
        cross join (
            select coalesce(sum(amount - refunded), 0) as sum
            from payment
            where patient_id = :patient_id
        ) as received
        where :reads_billing::boolean
    ) as balance,
    (
        select jsonb_build_object(
            'appointments', case when :reads_schedule::boolean then count(*) end,
            'treatments', case
                when :reads_treatments::boolean then (
                    select count(*)
                    from treatment
                    where patient_id = :patient_id
                        and deleted_at is null
                )
            end,
            'messages', case
                when :reads_messages::boolean then (
                    select count(*)
                    from message
                )
            end,
            'calls', case
                when :reads_calls::boolean then (
                    select count(*)
                    from call
                    where deleted_at is null
                        and (
                            patient_id = :patient_id
                            or e164 = any (array(select e164 from patient_phone where patient_id = :patient_id))
                        )
                )
            end,
            'no_shows', case when :reads_schedule::boolean then count(*) filter (where status = 'no_show') end
        )
        from appointment
        where patient_id = :patient_id
    ) as counts,
    (
        select coalesce(jsonb_agg(to_jsonb(recent) order by recent.created_at desc, recent.sms_id desc), '[]')
        from recent
    ) as recent_messages
from record
