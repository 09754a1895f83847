-- Add a user.
insert into dcms_user (username, display_name, roles, password_hash, password_changed_at, must_change_password)
select
    :username,
    :display_name,
    :roles::text[],
    :password_hash::text,
    case when :password_hash is not null then now() end,
    :must_change_password
where acting(:context)
returning
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
