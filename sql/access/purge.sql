-- Forget the changes that no signed token can be older than.
delete from access_change
where at < now() - make_interval(secs => :kept_s::integer)
