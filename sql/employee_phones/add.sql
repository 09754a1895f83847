-- Give an employee, whose row is locked, one more number; his first one is primary.
with number as (
    insert into phone_number (e164, national, region, type)
    select e164, national, region, type
    from jsonb_populate_record(null::phone_number, :number::jsonb)
    on conflict do nothing
)
insert into employee_phone (employee_id, e164, label, is_primary)
select
    :holder_id,
    :number::jsonb ->> 'e164',
    :label,
    not exists (
        select
        from employee_phone
        where employee_id = :holder_id
    )
where acting(:context)
returning phone_number_id
