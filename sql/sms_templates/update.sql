-- Change what :changes names of a template.
update sms_template
set (name, text, locale, is_active) = (
    select changed.name, changed.text, changed.locale, changed.is_active
    from jsonb_populate_record(sms_template, :changes::jsonb) as changed
)
where template_id = :template_id
    and deleted_at is null
    and require_version(version, :if_match)
    and acting(:context)
returning
    template_id,
    name,
    text,
    locale,
    is_active,
    created_at,
    version
