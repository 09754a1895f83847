-- Take the login from an employee.
update employee
set user_id = null
where employee_id = :employee_id
    and require_version(version, :if_match)
    and acting(:context)
returning employee_id
