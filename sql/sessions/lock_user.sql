-- Lock a user until the end of the transaction: nobody opens a session of his, or one as another, meanwhile.
select user_id
from dcms_user
where user_id = :user_id
    -- no user's sessions have a version that If-Match could name
    and require_version(-user_id, :if_match)
for no key update
