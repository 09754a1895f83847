-- A diary: twelve appointments of half an hour a doctor and working day, day by day; the id of the first of them.
with made as (
    insert into appointment (
        patient_id, doctor_id, chair_id, service_ids, starts_at, ends_at, status, confirmed_at, checked_in_at, finished_at,
        cancelled_at, cancelled_by, created_by, created_at, updated_at
    )
    select
        -- 7919 is prime: nobody comes twice at a time, and all come equally often
        :first_patient + number * 7919 % :patients,
        :first_doctor + place.doctor,
        :first_chair + place.doctor,
        array[1 + number % 16],
        during.starts_at,
        during.starts_at + interval '30 minutes',
        kind.status,
        case when kind.status = 'confirmed' then during.booked_at end,
        case when kind.status = 'finished' then during.starts_at end,
        case when kind.status = 'finished' then during.starts_at + interval '30 minutes' end,
        case when kind.status = 'cancelled' then during.booked_at end,
        case when kind.status = 'cancelled' then 'patient' end,
        5,
        during.booked_at,
        during.booked_at
    from generate_series(0, :appointments::bigint - 1) as number
    cross join lateral (
        select number % :doctors as doctor, number / :doctors / 12 as day, number / :doctors % 12 as slot
    ) as place
    cross join lateral (
        select
            starts_at,
            least(starts_at, now()) - interval '9 days' as booked_at,
            starts_at < now() as is_past
        from (
            select
                (:first_day::date + (place.day / 5 * 7 + place.day % 5)::integer + time '08:00') at time zone 'Europe/Berlin'
                    + place.slot * interval '30 minutes' as starts_at
        ) as start
    ) as during
    cross join lateral (
        select case
            when number * 31 % 100 < 7 then 'cancelled'
            when during.is_past and number * 31 % 100 < 10 then 'no_show'
            when during.is_past then 'finished'
            when number % 2 = 0 then 'confirmed'
            else 'booked'
        end as status
    ) as kind
    order by number
    returning appointment_id
)
select min(appointment_id) as appointment_id
from made
