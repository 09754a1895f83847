-- Rotate a session's refresh token, or within the grace give the successor of the last rotation again.
with rotated as (
    update session
    set
        refresh_counter = :counter::bigint + 1,
        rotated_at = case when refresh_counter = :counter then now() else rotated_at end,
        last_used_at = now(),
        expires_at = least(
            now() + make_interval(secs => :refresh_ttl_s::integer),
            session.created_at + make_interval(secs => :session_max_s::integer)
        )
    where session_id = :session_id
        and revoked_at is null
        and expires_at > now()
        and impersonator_id is null
        and (
            refresh_counter = :counter
            or (refresh_counter = :counter + 1 and rotated_at > now() - make_interval(secs => :grace_s::integer))
        )
        and acting(:context)
    returning *
)
select
    rotated.session_id,
    rotated.refresh_counter,
    rotated.expires_at,
    rotated.impersonator_id,
    patient.patient_id,
    employee.employee_id,
    dcms_user.user_id,
    dcms_user.username,
    dcms_user.display_name,
    dcms_user.roles,
    dcms_user.is_active,
    dcms_user.must_change_password,
    dcms_user.last_login_at,
    dcms_user.created_at,
    dcms_user.updated_at,
    dcms_user.version
from rotated
join dcms_user on dcms_user.user_id = rotated.user_id and dcms_user.is_active
left join patient on patient.user_id = dcms_user.user_id
left join employee on employee.user_id = dcms_user.user_id
