-- Add a template.
insert into sms_template (name, text, locale, is_active)
select :name, :text, :locale, :is_active
where acting(:context)
returning
    template_id,
    name,
    text,
    locale,
    is_active,
    created_at,
    version
