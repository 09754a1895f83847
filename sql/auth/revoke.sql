-- End a session.
update session
set revoked_at = now()
where session_id = :session_id
    and revoked_at is null
    and acting(:context::jsonb || '{"action": "logout"}')
