-- A login and the record it is linked to fit each other, whichever of them changes.

-- Before a user's roles change: a login linked to a patient stays a patient's, one linked to an employee keeps
-- a staff role. The trigger comes after keep_one_admin by its name, and so is heard second.
create function check_links() returns trigger
language plpgsql as $$
begin
    if not new.roles @> array['patient'] and exists (select from patient where user_id = new.user_id) then
        perform refuse(409, 'linked', '{"detail": "A patient is linked to this user."}');
    end if;
    if new.roles @> array['patient'] and exists (select from employee where user_id = new.user_id) then
        perform refuse(409, 'linked', '{"detail": "An employee is linked to this user."}');
    end if;
    return new;
end
$$;
create trigger roles_fit_links before update of roles on dcms_user
for each row when (old.roles is distinct from new.roles)
execute function check_links();

-- Before a link is made: the lock on the user makes a change of his roles and the link wait for each other,
-- and whoever comes second sees what the first one committed.
create function check_link() returns trigger
language plpgsql as $$
declare
    user_roles text[];
begin
    select roles into user_roles from dcms_user where user_id = new.user_id for share;
    if (tg_table_name = 'patient') <> (user_roles @> array['patient']) then
        perform refuse(409, case tg_table_name when 'patient' then 'not_a_patient_user' else 'not_a_staff_user' end);
    end if;
    return new;
end
$$;
create trigger check_link before insert or update of user_id on patient
for each row when (new.user_id is not null) execute function check_link();
create trigger check_link before insert or update of user_id on employee
for each row when (new.user_id is not null) execute function check_link();
