-- Open a session for a user who has just shown his password.
with opened as (
    insert into session (user_id, expires_at, ip, user_agent, device_name)
    select
        :user_id::bigint,
        now() + make_interval(secs => :refresh_ttl_s::integer),
        :ip::text::inet,
        :user_agent,
        :device_name
    where acting(:context::jsonb || '{"action": "login"}')
    returning *
),
logged_in as (
    update dcms_user
    set last_login_at = now()
    from opened
    where dcms_user.user_id = opened.user_id
        and dcms_user.is_active
    returning dcms_user.*
)
select
    opened.session_id,
    opened.refresh_counter,
    opened.expires_at,
    opened.impersonator_id,
    patient.patient_id,
    employee.employee_id,
    logged_in.user_id,
    logged_in.username,
    logged_in.display_name,
    logged_in.roles,
    logged_in.is_active,
    logged_in.must_change_password,
    logged_in.last_login_at,
    logged_in.created_at,
    logged_in.updated_at,
    logged_in.version
from opened
join logged_in on logged_in.user_id = opened.user_id
left join patient on patient.user_id = logged_in.user_id
left join employee on employee.user_id = logged_in.user_id
