-- Add teeth to an item.
insert into treatment_item_tooth (treatment_item_id, patient_id, tooth_id, surfaces, condition, note)
select item.treatment_item_id, item.patient_id, given.tooth_id, given.surfaces, given.condition, given.note
from treatment_item as item
cross join jsonb_to_recordset(:teeth::jsonb) as given (tooth_id bigint, surfaces text, condition text, note text)
where item.treatment_item_id = :treatment_item_id
    and check_treatment_items('[]', :teeth::jsonb)
    and acting(:context)
order by given.tooth_id
