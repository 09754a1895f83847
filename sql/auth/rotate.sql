-- Rotate a session's refresh token; within the grace of the last rotation again to the same successor, as long as that was not used.
update session
set
    refresh_counter = :counter::bigint + 1,
    last_used_at = now(),
    rotated_at = case when refresh_counter = :counter then now() else rotated_at end,
    expires_at = case
        when refresh_counter = :counter then least(
            now() + make_interval(secs => :refresh_ttl_s::integer),
            created_at + make_interval(secs => :session_max_s::integer)
        )
        else expires_at
    end
where session_id = :session_id
    and revoked_at is null
    and expires_at > now()
    and impersonator_id is null
    and (
        refresh_counter = :counter
        or (refresh_counter = :counter + 1 and rotated_at > now() - make_interval(secs => :grace_s::integer))
    )
    and exists (select from dcms_user where dcms_user.user_id = session.user_id and dcms_user.is_active)
    and acting(:context::jsonb || jsonb_build_object('action', 'refresh', 'actor_id', user_id, 'session_id', session_id))
returning session_id
