-- Add an employee with his positions; the first one is primary.
with wanted as (
    select given.place, given.position_id, position.name, position.is_active
    from unnest(:position_ids::bigint[]) with ordinality as given (position_id, place)
    left join position on position.position_id = given.position_id
),
created as (
    insert into employee (first_name, last_name, title, email, color, is_bookable, hired_on)
    select first_name, last_name, title, email, color, is_bookable, hired_on
    from jsonb_populate_record(null::employee, :employee::jsonb)
    where (
            not exists (select from wanted where name is null)
            or refuse(
                422, 'unknown_reference', '{"field": "position_ids", "detail": "There is no such position."}'
            )
        )
        and (
            not exists (select from wanted where not is_active)
            or refuse(422, 'inactive', '{"field": "position_ids", "detail": "The position is disabled."}')
        )
        and acting(:context)
    returning *
),
assigned as (
    insert into employee_position (employee_id, position_id, is_primary)
    select created.employee_id, wanted.position_id, wanted.place = 1
    from created
    cross join wanted
    order by wanted.place
)
select
    employee_id,
    user_id,
    first_name,
    last_name,
    title,
    email,
    color,
    is_bookable,
    hired_on,
    archived_at,
    (
        select coalesce(
            jsonb_agg(
                jsonb_build_object('position_id', position_id, 'name', name, 'is_primary', place = 1) order by place
            ),
            '[]'
        )
        from wanted
    ) as positions,
    created_at,
    updated_at,
    version
from created
