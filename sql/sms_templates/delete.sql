-- Delete a template; messages made from it keep their text.
update sms_template
set deleted_at = now()
where template_id = :template_id
    and deleted_at is null
    and require_version(version, :if_match)
    and acting(:context)
returning template_id
