-- Change what :changes names of the clinic.
update clinic
set (name, legal_name, phone, email, address, website) = (
    select changed.name, changed.legal_name, changed.phone, changed.email, changed.address, changed.website
    from jsonb_populate_record(clinic, :changes::jsonb) as changed
)
where require_version(version, :if_match)
    and acting(:context)
returning name, legal_name, phone, email, address, website, updated_at, version
