-- Give a user a new password; only admins do so for admins.
update dcms_user
set
    password_hash = :password_hash,
    password_changed_at = now(),
    must_change_password = :must_change_password
where user_id = :user_id
    and case
        when roles @> array['admin'] and not :by_admin::boolean then refuse(403, 'forbidden', '{"detail": "Only admins change admins."}')
        else require_version(version, :if_match)
    end
    and acting(:context)
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
