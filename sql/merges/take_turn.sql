-- Wait until no other merge runs, nor any that is undone; whom one touches doesn't change then while its locks are waited for.
select pg_advisory_xact_lock(hashtextextended('merges', 0))
