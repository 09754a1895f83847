-- How the clinic reads local times and numbers.
select timezone, default_region
from clinic_settings
