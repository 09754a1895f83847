-- A session, its user as he is now and what he is linked to.
select
    session.session_id,
    session.expires_at,
    session.impersonator_id,
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
from session
join dcms_user on dcms_user.user_id = session.user_id
left join patient on patient.user_id = dcms_user.user_id
left join employee on employee.user_id = dcms_user.user_id
where session.session_id = :session_id
