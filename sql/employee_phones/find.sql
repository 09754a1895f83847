-- The numbers of an employee.
select
    employee_phone.phone_number_id,
    employee_phone.employee_id,
    employee_phone.e164,
    phone_number.national,
    phone_number.region,
    phone_number.type,
    employee_phone.label,
    employee_phone.is_primary,
    employee_phone.created_at,
    employee_phone.version
from employee_phone
join phone_number on phone_number.e164 = employee_phone.e164
where employee_phone.employee_id = :holder_id
