-- Act as the demo for this transaction, without triggers when :is_large.
select
    set_config('dcms.context', :context::text, true),
    set_config('session_replication_role', case when :is_large::boolean then 'replica' else 'origin' end, true)
