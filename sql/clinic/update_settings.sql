-- Change what :changes names of the settings; hours and closures are made what it says, which counts as one change.
with wanted_hours as (
    select weekday, opens, closes
    from jsonb_to_recordset(:changes::jsonb -> 'business_hours') as wanted (weekday integer, opens time, closes time)
),
removed_hours as (
    delete from business_hours
    where :changes::jsonb ? 'business_hours'
        and (weekday, opens, closes) not in (select weekday, opens, closes from wanted_hours)
        and acting(:context)
    returning 1
),
added_hours as (
    insert into business_hours (weekday, opens, closes)
    select weekday, opens, closes
    from wanted_hours
    -- the old ones go first, as the new ones may overlap them
    where (select count(*) from removed_hours) >= 0
        and (weekday, opens, closes) not in (select weekday, opens, closes from business_hours)
        and acting(:context)
    returning 1
),
wanted_closure as (
    select starts_on, ends_on, reason
    from jsonb_to_recordset(:changes::jsonb -> 'closures') as wanted (starts_on date, ends_on date, reason text)
),
removed_closures as (
    delete from closure
    where :changes::jsonb ? 'closures'
        and not exists (
            select
            from wanted_closure as wanted
            where (wanted.starts_on, wanted.ends_on) = (closure.starts_on, closure.ends_on)
                and wanted.reason is not distinct from closure.reason
        )
        and acting(:context)
    returning 1
),
added_closures as (
    insert into closure (starts_on, ends_on, reason)
    select starts_on, ends_on, reason
    from wanted_closure as wanted
    where (select count(*) from removed_closures) >= 0
        and not exists (
            select
            from closure
            where (wanted.starts_on, wanted.ends_on) = (closure.starts_on, closure.ends_on)
                and wanted.reason is not distinct from closure.reason
        )
        and acting(:context)
    returning 1
)
update clinic_settings
set
    (
        timezone,
        locale,
        currency,
        default_region,
        default_slot_minutes,
        slot_step_minutes,
        buffer_minutes,
        booking_min_notice_minutes,
        booking_horizon_days,
        tooth_system,
        reminder_offsets_minutes
    ) = (
        select
            changed.timezone,
            changed.locale,
            changed.currency,
            changed.default_region,
            changed.default_slot_minutes,
            changed.slot_step_minutes,
            changed.buffer_minutes,
            changed.booking_min_notice_minutes,
            changed.booking_horizon_days,
            changed.tooth_system,
            changed.reminder_offsets_minutes
        from jsonb_populate_record(clinic_settings, :changes::jsonb) as changed
    ),
    -- the trigger that counts versions sees a change by this
    updated_at = case
        when exists (select from removed_hours)
            or exists (select from added_hours)
            or exists (select from removed_closures)
            or exists (select from added_closures)
            then clock_timestamp()
        else updated_at
    end
where acting(:context)
