-- The numbers of a patient.
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
    patients_sharing(patient_phone.e164, patient_phone.patient_id) as shared_with,
    patient_phone.created_at,
    patient_phone.version
from patient_phone
join phone_number on phone_number.e164 = patient_phone.e164
where patient_phone.patient_id = :holder_id
