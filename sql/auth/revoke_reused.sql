-- End the session whose rotated refresh token was used again: somebody else may hold it.
update session
set revoked_at = now()
where session_id = :session_id
    and revoked_at is null
    and refresh_counter > :counter
    and acting(
        :context::jsonb || jsonb_build_object('action', 'refresh_reused', 'actor_id', user_id, 'session_id', session_id)
    )
