-- Lock a login's roles for the rest of the transaction.
select roles
from dcms_user
where user_id = :user_id
for share
