-- Put the rows of a merge back, in the transaction that undoes it; how many of each table.
select table_name, returned as number
from return_patient_rows(:merge_id, :source_id, :target_id)
