drop function check_treatment_items(jsonb, jsonb);
drop function check_doctor_of_treatment(bigint);
drop function check_patient_of_treatment(bigint);
drop function treatment_item_teeth(bigint, boolean, bigint);
drop function default_done_at(date);
drop function treatment_total(bigint);
drop table treatment_item_tooth;
drop table treatment_item;
drop table treatment;
create or replace function patients_of_doctor(id bigint) returns setof bigint
language sql stable parallel safe as $$
    select patient_id
    from appointment
    where doctor_id = id
        and status <> 'cancelled'
$$;
drop function tooth_code(tooth_definition, text);
drop table tooth_definition;
drop function free_tooth_id();
