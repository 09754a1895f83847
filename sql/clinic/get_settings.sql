-- The settings, with hours and closures.
select
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
    reminder_offsets_minutes,
    business_hours_list() as business_hours,
    (
        select coalesce(
            jsonb_agg(
                jsonb_build_object('starts_on', starts_on, 'ends_on', ends_on, 'reason', reason)
                order by starts_on
            ),
            '[]'
        )
        from closure
    ) as closures,
    updated_at,
    version
from clinic_settings
