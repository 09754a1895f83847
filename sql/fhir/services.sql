-- What services are called.
select service_id, code, name
from service_catalog
where service_id = any (:service_ids)
