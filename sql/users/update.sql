-- Change what :changes names of a user; only admins write admins.
update dcms_user
set (display_name, roles) = (
    select changed.display_name, changed.roles
    from jsonb_populate_record(dcms_user, :changes::jsonb) as changed
)
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
