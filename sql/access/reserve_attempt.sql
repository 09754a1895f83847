-- Reserve a check of a password, unless too many have failed or run.
select login_attempt_id, retry_after_s
from reserve_login_attempt(:account, network(:address::text::inet))
