-- What reminders say, if the clinic has written it.
select template_id, text
from sms_template
where lower(name) = 'reminder'
    and is_active
    and deleted_at is null
