-- Every template, for the list.
select
    template_id,
    name,
    text,
    locale,
    is_active,
    created_at,
    version,
    lower(name) as sort_name
from sms_template
where deleted_at is null
