-- The clinic.
select name, legal_name, phone, email, address, website, updated_at, version
from clinic
