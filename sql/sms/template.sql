-- A template's text.
select text, is_active
from sms_template
where template_id = :template_id
    and deleted_at is null
