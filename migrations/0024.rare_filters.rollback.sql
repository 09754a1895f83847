-- transactional: false

drop index concurrently if exists phone_number_long;

drop index concurrently if exists treatment_item_done_at;

drop index concurrently if exists sms_reviewed;
