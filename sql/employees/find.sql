-- The employees of these filters; :text finds by words in names, title and email, and ranks.
select
    employee.employee_id,
    employee.user_id,
    employee.first_name,
    employee.last_name,
    employee.title,
    employee.email,
    employee.color,
    employee.is_bookable,
    employee.hired_on,
    employee.archived_at,
    employee_positions(employee.employee_id) as positions,
    employee.created_at,
    employee.updated_at,
    employee.version,
    last_name_plain as sort_last_name,
    first_name_plain as sort_first_name,
    match.rank
from employee
cross join lower(unaccent(:text)) as wanted
cross join lower(unaccent(employee.last_name)) as last_name_plain
cross join lower(unaccent(employee.first_name)) as first_name_plain
cross join lateral (
    select case
        when wanted in (
            last_name_plain,
            first_name_plain,
            first_name_plain || ' ' || last_name_plain,
            last_name_plain || ' ' || first_name_plain
        ) then 0
        when starts_with(last_name_plain, wanted) or starts_with(first_name_plain, wanted) then 1
        else 2
    end as rank
) as match
where (:include_archived or employee.archived_at is null)
    and (:is_bookable::boolean is null or employee.is_bookable = :is_bookable)
    and (
        :position_id::bigint is null
        or exists (
            select
            from employee_position
            where employee_position.employee_id = employee.employee_id
                and employee_position.position_id = :position_id
        )
    )
    and not exists (
        select
        from regexp_split_to_table(wanted, '\s+') as word
        where position(
            word in lower(
                unaccent(concat_ws(' ', employee.first_name, employee.last_name, employee.title, employee.email))
            )
        ) = 0
    )
order by match.rank, employee.employee_id
limit case when :text::text is not null then 1000 end
