-- The active appointments of a patient that overlap one of another's, the first 200.
select shown.*
from appointment
cross join lateral appointment_answer(appointment, null) as shown
where appointment.patient_id = :patient_id
    and appointment.status not in ('cancelled', 'no_show')
    and exists (
        select
        from appointment as other
        where other.patient_id = :other_id
            and other.status not in ('cancelled', 'no_show')
            and other.starts_at < appointment.ends_at
            and other.ends_at > appointment.starts_at
    )
order by appointment.starts_at, appointment.appointment_id
limit 200
