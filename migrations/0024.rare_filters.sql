-- transactional: false
-- What nothing led to: messages that were reviewed, what was done on a day whoever the patient is, and the few numbers
-- that are long enough to have a whole one in between.
-- Made while everybody goes on working; what an interrupted run left behind is made anew.

drop index concurrently if exists sms_reviewed;

create index concurrently sms_reviewed on sms (created_at, sms_id) where deleted_at is null and reviewed_at is not null;

drop index concurrently if exists treatment_item_done_at;

create index concurrently treatment_item_done_at on treatment_item (done_at, treatment_item_id)
where deleted_at is null and done_at is not null;

drop index concurrently if exists phone_number_long;

create index concurrently phone_number_long on phone_number (length(e164)) where length(e164) >= 15;
