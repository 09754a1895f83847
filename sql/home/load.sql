-- How full each day of a span is.
select
    days.day::date as day,
    count(appointment.appointment_id)::integer as appointments,
    coalesce(sum(extract(epoch from appointment.ends_at - appointment.starts_at) / 60), 0)::integer as booked_minutes
from clinic_settings
cross join generate_series(:first_day::date::timestamp, :last_day::date::timestamp, interval '1 day') as days (day)
left join appointment on appointment.starts_at >= local_instant(days.day, clinic_settings.timezone)
    and appointment.starts_at < local_instant(days.day + interval '1 day', clinic_settings.timezone)
    and appointment.status not in ('cancelled', 'no_show')
group by days.day
order by days.day
