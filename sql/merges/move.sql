-- Move every row of a patient to another, in the transaction that began their merge; how many of each table.
select table_name, moved as number
from move_patient_rows(:merge_id, :source_id, :target_id)
