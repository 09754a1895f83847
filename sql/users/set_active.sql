-- Enable or disable a user; never the last active admin, never oneself.
update dcms_user
set is_active = :is_active
where user_id = :user_id
    and case
        when roles @> array['admin'] and not :by_admin::boolean then refuse(403, 'forbidden', '{"detail": "Only admins change admins."}')
        when not require_version(version, :if_match) then false
        when :is_active::boolean then true
        when is_active and roles @> array['admin'] and not exists (
            select
            from dcms_user as other
            where other.user_id <> dcms_user.user_id
                and other.is_active
                and other.roles @> array['admin']
        ) then refuse(409, 'last_admin')
        when user_id = :caller_id then refuse(409, 'self', '{"detail": "Nobody disables himself."}')
        else true
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
