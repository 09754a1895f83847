-- End a user's live sessions but :kept_session_id, and those that he opened as others.
update session
set revoked_at = now()
where (user_id = :user_id or impersonator_id = :user_id)
    and revoked_at is null
    and expires_at > now()
    and session_id is distinct from :kept_session_id::bigint
    and acting(:context)
