-- Where a new reader begins, and whether what a returning one saw last is still kept.
select head, is_known
from live_event_position(:last_number)
