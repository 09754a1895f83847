-- The doctors, chairs and services by what a file may call them; a doctor by email or name.
select 'doctor' as kind, lower(name) as name, employee_id as id, archived_at is null and is_bookable as is_active
from employee
cross join lateral (
    values
        (email),
        (concat_ws(' ', first_name, last_name)),
        (concat_ws(' ', title, first_name, last_name)),
        (last_name || ', ' || first_name)
) as spelling (name)
where name is not null
union
select 'chair', lower(name), chair_id, is_active
from chair
union
select 'service', lower(code), service_id, is_active
from service_catalog
