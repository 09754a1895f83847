-- Forget the changes that are older than 24 hours.
select purge_live_events()
