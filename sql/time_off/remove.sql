-- Take back a time off.
delete from time_off
where time_off_id = :time_off_id
    and employee_id = :employee_id
    and acting(:context)
returning time_off_id
