-- What has changed for signed tokens since the snapshot whose oldest running transaction was :since.
select
    pg_snapshot_xmin(pg_current_snapshot())::text as xmin,
    clinic_settings.timezone,
    clinic_settings.default_region,
    clinic_settings.currency,
    array(
        select session_id
        from access_change
        where xid >= :since::text::xid8
            and at > now() - make_interval(secs => :window_s::integer)
            and session_id is not null
    ) as ended_sessions,
    (
        select coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'user_id', dcms_user.user_id,
                    'roles', dcms_user.roles,
                    'is_active', dcms_user.is_active,
                    'must_change_password', dcms_user.must_change_password,
                    'patient_id', patient.patient_id,
                    'employee_id', employee.employee_id
                )
            ),
            '[]'
        )
        from dcms_user
        left join patient on patient.user_id = dcms_user.user_id
        left join employee on employee.user_id = dcms_user.user_id
        where dcms_user.user_id in (
            select user_id
            from access_change
            where xid >= :since::text::xid8
                and at > now() - make_interval(secs => :window_s::integer)
        )
    ) as users
from clinic_settings
