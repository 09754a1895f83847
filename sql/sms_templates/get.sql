-- One template.
select
    template_id,
    name,
    text,
    locale,
    is_active,
    created_at,
    version
from sms_template
where template_id = :template_id
    and deleted_at is null
