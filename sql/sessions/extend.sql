-- Move the end of a user's session on, as far as sessions may last.
update session
set expires_at = least(
    greatest(expires_at, now() + make_interval(secs => :refresh_ttl_s::integer)),
    created_at + make_interval(secs => :session_max_s::integer)
)
where session_id = :session_id
    and user_id = :user_id
    -- no session has a version that If-Match could name
    and require_version(-session_id, :if_match)
    and case
        when impersonator_id is not null then refuse(403, 'forbidden', '{"detail": "Such a session can''t be extended."}')
        when revoked_at is not null or expires_at <= now() then refuse(409, 'invalid_transition', '{"detail": "The session has ended."}')
        else true
    end
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
