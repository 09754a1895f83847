-- Make the hours of an employee, whose row is locked, these; what is the same stays.
with wanted as (
    select weekday, opens, closes, valid_from, valid_to
    from jsonb_to_recordset(:hours::jsonb) as hours (
        weekday integer, opens time, closes time, valid_from date, valid_to date
    )
),
removed as (
    delete from working_hours
    where employee_id = :employee_id
        and not exists (
            select
            from wanted
            where (wanted.weekday, wanted.opens, wanted.closes)
                = (working_hours.weekday, working_hours.opens, working_hours.closes)
                and (wanted.valid_from, wanted.valid_to)
                is not distinct from (working_hours.valid_from, working_hours.valid_to)
        )
        and acting(:context)
    returning 1
),
added as (
    insert into working_hours (employee_id, weekday, opens, closes, valid_from, valid_to)
    select :employee_id, weekday, opens, closes, valid_from, valid_to
    from wanted
    -- the old ones go first, as the new ones may overlap them
    where (select count(*) from removed) >= 0
        and not exists (
            select
            from working_hours as kept
            where kept.employee_id = :employee_id
                and (wanted.weekday, wanted.opens, wanted.closes) = (kept.weekday, kept.opens, kept.closes)
                and (wanted.valid_from, wanted.valid_to) is not distinct from (kept.valid_from, kept.valid_to)
        )
        and acting(:context)
    returning 1
)
update employee
-- the trigger that counts versions sees a change by this
set updated_at = clock_timestamp()
where employee_id = :employee_id
    and (exists (select from removed) or exists (select from added))
