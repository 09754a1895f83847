-- One appointment; to a patient's login only his own, without the staff's note.
select shown.*
from appointment
cross join lateral appointment_answer(appointment, :own_patient_id::bigint) as shown
where appointment.appointment_id = :appointment_id
    and (:own_patient_id::bigint is null or appointment.patient_id = :own_patient_id)
