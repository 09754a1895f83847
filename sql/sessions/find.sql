-- A user's live sessions.
select
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
from session
where user_id = :user_id
    and revoked_at is null
    and expires_at > now()
