-- Open a session for a user who has just shown his password, unless it or he has changed since it was checked.
with logged_in as (
    update dcms_user
    set
        last_login_at = now(),
        password_hash = coalesce(:new_hash, password_hash)
    where user_id = :user_id
        and is_active
        and password_hash = :password_hash
        and roles @> array['patient'] = :as_patient
    returning user_id
)
insert into session (user_id, expires_at, ip, user_agent, device_name)
select
    user_id,
    now() + make_interval(secs => least(:refresh_ttl_s::integer, :session_max_s::integer)),
    :ip::text::inet,
    :user_agent,
    :device_name
from logged_in
where acting(:context::jsonb || jsonb_build_object('action', 'login', 'actor_id', user_id))
returning session_id
