-- Let the sequences go on after the copied ids.
select
    setval(pg_get_serial_sequence('dcms_user', 'user_id'), (select max(user_id) from dcms_user)),
    setval(pg_get_serial_sequence('employee', 'employee_id'), (select max(employee_id) from employee)),
    setval(pg_get_serial_sequence('position', 'position_id'), (select max(position_id) from position)),
    setval(pg_get_serial_sequence('service_catalog', 'service_id'), (select max(service_id) from service_catalog)),
    setval(pg_get_serial_sequence('chair', 'chair_id'), (select max(chair_id) from chair)),
    setval(pg_get_serial_sequence('patient', 'patient_id'), (select max(patient_id) from patient)),
    setval('patient_register_number', (select max(patient_id) from patient)),
    setval(
        pg_get_serial_sequence('appointment', 'appointment_id'), (select max(appointment_id) from appointment)
    )
