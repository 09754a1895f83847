-- What a login is checked against.
select user_id, password_hash, is_active, roles
from dcms_user
where username = :username
