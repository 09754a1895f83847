-- End a session.
update session
set revoked_at = now()
where session_id = :session_id
    and revoked_at is null
    -- no session has a version that If-Match could name
    and require_version(-session_id, :if_match)
    and acting(:context::jsonb || '{"action": "logout"}')
