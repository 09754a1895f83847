-- Let nobody else change the settings until this transaction ends.
select version
from clinic_settings
where require_version(version, :if_match)
for update
