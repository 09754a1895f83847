-- Note that an incoming message was read; the first time counts.
with reviewed as (
    update sms
    set (reviewed_at, reviewed_by) = (
        select
            coalesce(sms.reviewed_at, now()),
            case when sms.reviewed_at is null then :caller_id else sms.reviewed_by end
    )
    where sms_id = :sms_id
        and deleted_at is null
        and require_version(version, :if_match)
        and (direction = 'in' or refuse(409, 'invalid_transition', '{"allowed": [], "detail": "Only incoming messages are reviewed."}'))
        and acting(:context)
    returning sms
)
select shown.*
from reviewed
cross join lateral sms_answer(reviewed.sms) as shown
