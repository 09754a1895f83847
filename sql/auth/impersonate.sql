-- Open a session as another user, who is active and no admin. Whoever asks is looked at again, and held until it is open:
-- who disables him, or ends his sessions, ends this one too.
with actor as materialized (
    select dcms_user.user_id
    from session
    join dcms_user on dcms_user.user_id = session.user_id
    where session.session_id = (:context::jsonb ->> 'session_id')::bigint
        and dcms_user.user_id = :caller_id
        and case
            when session.revoked_at is not null or session.expires_at <= now() or not dcms_user.is_active
                then refuse(401, 'unauthenticated')
            when not dcms_user.roles @> array['admin'] then refuse(403, 'forbidden')
            else true
        end
    for share
)
insert into session (user_id, expires_at, ip, user_agent, impersonator_id)
select
    dcms_user.user_id,
    now() + make_interval(secs => :lifetime_s::integer),
    :ip::text::inet,
    :user_agent,
    actor.user_id
from actor
join dcms_user on dcms_user.user_id = :user_id
where case
        when dcms_user.roles @> array['admin'] then refuse(403, 'forbidden', '{"detail": "Nobody acts as an admin."}')
        when not dcms_user.is_active then refuse(422, 'inactive', '{"detail": "The user is disabled."}')
        -- what is opened has no version that If-Match could name
        else require_version(-dcms_user.user_id, :if_match)
    end
    and acting(:context::jsonb || '{"action": "impersonate"}')
for share of dcms_user
returning session_id
