-- Lock the patient who holds a number, and the number; whoever changes his numbers meanwhile waits, and then sees it.
select patient.patient_id
from patient_phone
join patient on patient.patient_id = patient_phone.patient_id
join phone_number on phone_number.e164 = patient_phone.e164
where patient_phone.phone_number_id = :phone_number_id
    and require_version(patient_phone.version, :if_match)
    and require_unmerged(patient.merged_into)
for no key update of patient, phone_number
