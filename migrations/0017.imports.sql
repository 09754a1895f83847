-- Imports from other systems: which row of a file became what, so that no run takes a row twice.

-- Written in the transaction of what it names, so whatever is killed, both are there or neither is. What was made is
-- audited by its own table's trigger, under the import's request id.
create table import_row (
    -- the other system, as the mapping names it
    source text not null,
    kind text not null constraint import_row_kind_known check (kind in ('patient', 'appointment')),
    -- the row's id there
    source_id text not null,
    entity_id bigint not null,
    -- SHA-256 of what the row said, to tell when it says something else later
    digest bytea not null,
    imported_at timestamptz not null default now(),
    primary key (source, kind, source_id)
);
create index import_row_entity on import_row (kind, entity_id);
revoke update, delete on import_row from dcms_app;

-- As hold_for_booking, for many: each kind in the order of its ids, so that no two wait for each other.
create function hold_all_for_booking(held_patients bigint[], held_doctors bigint[], held_chairs bigint[]) returns boolean
language plpgsql volatile as $$
begin
    perform from patient where patient_id = any (held_patients) order by patient_id for no key update;
    perform from employee where employee_id = any (held_doctors) order by employee_id for no key update;
    perform from chair where chair_id = any (held_chairs) order by chair_id for no key update;
    return true;
end
$$;

-- Only what is to come can have reminders: the years that an import brings need no job each.
drop trigger queue_reminders_insert on appointment;
create trigger queue_reminders_insert after insert on appointment
for each row when (new.starts_at > now() and new.status in ('booked', 'confirmed'))
execute function queue_reminders();
