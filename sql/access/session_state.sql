-- Whether a session lives, and its user as he is now.
select
    session.revoked_at is null and session.expires_at > now() as is_live,
    jsonb_build_object(
        'user_id', dcms_user.user_id,
        'roles', dcms_user.roles,
        'is_active', dcms_user.is_active,
        'must_change_password', dcms_user.must_change_password,
        'patient_id', patient.patient_id,
        'employee_id', employee.employee_id
    ) as access
from session
join dcms_user on dcms_user.user_id = session.user_id
left join patient on patient.user_id = dcms_user.user_id
left join employee on employee.user_id = dcms_user.user_id
where session.session_id = :session_id
    and session.user_id = :user_id
