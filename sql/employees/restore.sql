-- Take an employee out of the archive.
update employee
set archived_at = null
where employee_id = :employee_id
    and require_version(version, :if_match)
    and acting(:context)
returning employee_id
