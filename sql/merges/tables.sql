-- The tables whose rows a merge moves.
select table_name
from patient_reference
where key_column is not null
order by place
