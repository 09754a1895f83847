-- The patients of register numbers, in any case; of a merged one the survivor.
select wanted.name, coalesce(patient.merged_into, patient.patient_id) as id
from unnest(:names::text[]) as wanted (name)
join patient on upper(patient.register_number) = upper(wanted.name)
