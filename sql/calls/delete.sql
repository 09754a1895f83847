-- Delete a call.
update call
set deleted_at = now()
where call_id = :call_id
    and deleted_at is null
    and require_version(version, :if_match)
    and acting(:context)
returning call_id
