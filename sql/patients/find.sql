-- Every patient, for the list's filters.
select shown.*
from patient
cross join lateral patient_answer(patient, null) as shown
