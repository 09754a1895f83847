-- More doctors, each with hours and a chair; the id of the first of them and of his chair.
with made as (
    insert into employee (first_name, last_name, title, is_bookable, hired_on)
    select 'Doctor', 'Number ' || number, 'Dr.', true, current_date - 400
    from generate_series(1, :doctors::integer) as number
    returning employee_id
),
seated as (
    insert into chair (name)
    select 'Room of doctor ' || employee_id
    from made
    order by employee_id
    returning chair_id
),
hours as (
    insert into working_hours (employee_id, weekday, opens, closes)
    select made.employee_id, weekday, :opens::text::time, :closes::text::time
    from made
    cross join generate_series(1, :weekdays::integer) as weekday
    order by made.employee_id, weekday
)
select (select min(employee_id) from made) as doctor_id, (select min(chair_id) from seated) as chair_id
