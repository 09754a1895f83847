-- What a password is checked against, of a user by name or by id.
select user_id, username, password_hash, is_active, roles
from dcms_user
where username = :username::text
    or user_id = :user_id::bigint
