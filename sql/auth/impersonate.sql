-- Open a session as another user, who is active and no admin.
insert into session (user_id, expires_at, ip, user_agent, impersonator_id)
select
    user_id,
    now() + make_interval(secs => :lifetime_s::integer),
    :ip::text::inet,
    :user_agent,
    :caller_id
from dcms_user
where user_id = :user_id
    and case
        when roles @> array['admin'] then refuse(403, 'forbidden', '{"detail": "Nobody acts as an admin."}')
        when not is_active then refuse(422, 'inactive', '{"detail": "The user is disabled."}')
        else true
    end
    and acting(:context::jsonb || '{"action": "impersonate"}')
for share
returning session_id
