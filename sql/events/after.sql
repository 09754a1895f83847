-- The changes after a number, in order.
select number, entity, entity_id, patient_id, action, version, at
from live_events_after(:last_number, :most)
