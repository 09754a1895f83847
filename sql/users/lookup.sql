-- The user of a name.
select
    user_id,
    username,
    display_name,
    roles,
    is_active,
    must_change_password,
    last_login_at,
    created_at,
    updated_at,
    version
from dcms_user
where username = :username
