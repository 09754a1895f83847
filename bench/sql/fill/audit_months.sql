-- The statements that make the audit log's partitions of the past months, as the worker would have in their time.
select format(
    'create table if not exists %I partition of audit_log for values from (%L) to (%L)',
    'audit_log_' || to_char(month, 'YYYY_MM'),
    month at time zone 'UTC',
    (month + interval '1 month') at time zone 'UTC'
)
from generate_series(
    date_trunc('month', :first_day::date - interval '1 month'), date_trunc('month', now() at time zone 'UTC') - interval '1 month', interval '1 month'
) as month
