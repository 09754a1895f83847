-- Act as the bench for this transaction, without triggers; what they keep is made at the end, in one go.
select
    set_config('dcms.context', '{"request_id": "bench"}', true),
    set_config('session_replication_role', 'replica', true),
    set_config('maintenance_work_mem', '1GB', true),
    set_config('work_mem', '256MB', true),
    set_config('statement_timeout', '0', true)
