-- Give a user the new password he has chosen, unless the old one has changed since he showed it.
update dcms_user
set
    password_hash = :new_hash,
    password_changed_at = now(),
    must_change_password = false
where user_id = :user_id
    and password_hash = :password_hash
    and acting(:context)
