-- What happened in the clinic on these local days, the last one included.
with period as (
    select
        :first_day::date as first_day,
        :last_day::date as last_day,
        local_instant(:first_day::date::timestamp, timezone) as starts_at,
        local_instant((:last_day::date + 1)::timestamp, timezone) as ends_at
    from clinic_settings
),
begun as (
    select appointment.status, count(*) as number
    from appointment
    cross join period
    where appointment.starts_at >= period.starts_at
        and appointment.starts_at < period.ends_at
    group by appointment.status
),
-- what of the period a doctor's active appointments take
taken as (
    select
        appointment.doctor_id,
        range_agg(tstzrange(appointment.starts_at, appointment.ends_at) * tstzrange(period.starts_at, period.ends_at)) as during
    from appointment
    cross join period
    -- none is longer than 12 hours
    where appointment.starts_at > period.starts_at - interval '12 hours'
        and appointment.starts_at < period.ends_at
        and appointment.ends_at > period.starts_at
        and appointment.status not in ('cancelled', 'no_show')
    group by appointment.doctor_id
),
active as (
    select coalesce(sum(upper(stretch) - lower(stretch)), '0') as time
    from taken
    cross join unnest(taken.during) as stretch
),
-- of those who take bookings, and of whoever has one all the same
working as (
    select sum(upper(stretch) - lower(stretch)) as time
    from period
    cross join (
        select employee_id from employee where is_bookable and archived_at is null
        union
        select doctor_id from taken
    ) as doctor
    cross join lateral working_time(doctor.employee_id, period.first_day, period.last_day) as own
    cross join unnest(own.hours) as stretch
)
select
    period.first_day as from_,
    period.last_day as to,
    (select coalesce(jsonb_object_agg(status, number), '{}') from begun) as appointments,
    round(extract(epoch from active.time) / extract(epoch from working.time), 4)::float as utilisation,
    (
        select coalesce(
            round(
                sum(number) filter (where status = 'no_show')
                / sum(number) filter (where status in ('no_show', 'came', 'finished')),
                4
            ),
            0
        )::float
        from begun
    ) as no_show_rate,
    (
        select count(*)
        from patient
        where created_at >= period.starts_at
            and created_at < period.ends_at
            and status <> 'merged'
    ) as new_patients,
    (
        select coalesce(sum(amount), 0.00)
        from payment
        where received_at >= period.starts_at
            and received_at < period.ends_at
    ) - (
        select coalesce(sum(amount), 0.00)
        from payment_refund
        where created_at >= period.starts_at
            and created_at < period.ends_at
    ) as revenue,
    (
        select coalesce(sum(total - paid), 0.00)
        from invoice
        where status = 'issued'
            and issued_on between period.first_day and period.last_day
    ) as outstanding,
    (
        select coalesce(jsonb_object_agg(message.status, message.number), '{}')
        from (
            select status, count(*) as number
            from sms
            where created_at >= period.starts_at
                and created_at < period.ends_at
                and deleted_at is null
            group by status
        ) as message
    ) as messages,
    (
        select count(*)
        from sms
        where created_at >= period.starts_at
            and created_at < period.ends_at
            and direction = 'in'
            and reviewed_at is null
            and deleted_at is null
    ) as unreviewed_messages
from period
cross join active
cross join working
