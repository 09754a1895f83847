-- Hold the patients, doctors and chairs of a batch, so that whoever books, archives or merges them waits.
select hold_all_for_booking(:patient_ids::bigint[], :doctor_ids::bigint[], :chair_ids::bigint[])
