-- End a session of a user.
update session
set revoked_at = coalesce(revoked_at, now())
where session_id = :session_id
    and user_id = :user_id
    -- no session has a version that If-Match could name
    and require_version(-session_id, :if_match)
    and acting(:context)
returning
    session_id,
    user_id,
    created_at,
    last_used_at,
    expires_at,
    revoked_at,
    host(ip) as ip,
    user_agent,
    device_name,
    impersonator_id,
    session_id = :current_session_id as is_current
