-- A day's sessions of the clinic's receptionist.
insert into session (user_id, expires_at)
select 5, now() + interval '1 day'
from generate_series(1, :sessions::integer)
returning session_id
