-- What a patient owes and has paid, and how old the open invoices are by the clinic's day.
select
    charged.charges,
    received.payments,
    received.refunds,
    charged.charges - received.payments + received.refunds as balance,
    received.unallocated,
    json_build_object(
        'current', charged.current::text,
        'd30', charged.d30::text,
        'd60', charged.d60::text,
        'd90', charged.d90::text
    ) as aging
from patient
cross join clinic_settings
cross join lateral (
    select
        coalesce(sum(open.total), 0.00) as charges,
        coalesce(sum(open.balance) filter (where open.days <= 0), 0.00) as current,
        coalesce(sum(open.balance) filter (where open.days between 1 and 30), 0.00) as d30,
        coalesce(sum(open.balance) filter (where open.days between 31 and 60), 0.00) as d60,
        coalesce(sum(open.balance) filter (where open.days > 60), 0.00) as d90
    from (
        select
            total,
            total - paid as balance,
            (now() at time zone clinic_settings.timezone)::date - coalesce(due_on, issued_on) as days
        from invoice
        where invoice.patient_id = patient.patient_id
            and status in ('issued', 'paid')
    ) as open
) as charged
cross join lateral (
    select
        coalesce(sum(amount), 0.00) as payments,
        coalesce(sum(refunded), 0.00) as refunds,
        coalesce(sum(amount - refunded - allocated), 0.00) as unallocated
    from payment
    where payment.patient_id = patient.patient_id
) as received
where patient.patient_id = :patient_id
    and (:own_patient_id::bigint is null or patient.patient_id = :own_patient_id)
