-- The patients that came from another system, by their ids there; of a merged one the survivor.
select import_row.source_id as name, coalesce(patient.merged_into, patient.patient_id) as id
from import_row
join patient on patient.patient_id = import_row.entity_id
where import_row.source = :source
    and import_row.kind = 'patient'
    and import_row.source_id = any (:names::text[])
