-- Take a feed away: its link leads nowhere from now on.
delete from calendar_feed
where calendar_feed_id = :calendar_feed_id
    and employee_id = :employee_id
    -- no feed has a version that If-Match could name
    and require_version(-calendar_feed_id, :if_match)
    and acting(:context)
returning calendar_feed_id
