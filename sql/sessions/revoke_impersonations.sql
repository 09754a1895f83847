-- End the live sessions that a user opened as others.
update session
set revoked_at = now()
where impersonator_id = :user_id
    and revoked_at is null
    and expires_at > now()
    and acting(:context)
