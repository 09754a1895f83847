-- The demo clinic's hours.
insert into business_hours (weekday, opens, closes)
select weekday, hours.opens, hours.closes
from generate_series(1, 5) as weekday
cross join (values (time '08:00', time '12:00'), (time '13:00', time '18:00')) as hours (opens, closes)
