-- Take back a time off.
delete from time_off
where time_off_id = :time_off_id
    and employee_id = :employee_id
    -- no time off has a version that If-Match could name
    and require_version(-time_off_id, :if_match)
    and acting(:context)
returning time_off_id
