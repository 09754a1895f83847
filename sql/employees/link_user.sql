-- Link an employee to a login with these roles.
update employee
set user_id = :user_id
where employee_id = :employee_id
    and require_version(version, :if_match)
    and ('patient' <> all (:roles::text[]) or refuse(409, 'not_a_staff_user'))
    and (user_id is null or user_id = :user_id or refuse(409, 'user_already_linked'))
    and acting(:context)
returning employee_id
