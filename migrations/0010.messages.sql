-- Text messages, calls, and the provider's events about both.

-- Names are unique among the living; messages keep naming a deleted one.
create table sms_template (
    template_id bigint generated always as identity primary key,
    name text not null,
    text text not null,
    locale text,
    is_active boolean not null default true,
    deleted_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    version bigint not null default 1
);
create unique index sms_template_name_unique on sms_template (lower(name)) where deleted_at is null;

create table sms_batch (
    batch_id bigint generated always as identity primary key,
    total integer not null,
    created_by bigint references dcms_user,
    created_at timestamptz not null default now()
);

-- A message belongs to its number, whoever holds it. The patient is the one it was sent to, or the only holder
-- of the number it came from; of several none is guessed.
create table sms (
    sms_id bigint generated always as identity primary key,
    patient_id bigint references patient,
    -- null when the sender is not a phone number, such as a short code
    e164 text references phone_number,
    direction text not null constraint sms_direction_known check (direction in ('in', 'out')),
    text text not null,
    status text not null constraint sms_status_known check (
        status in (
            'scheduled', 'queued', 'sending', 'sent', 'delivered', 'undelivered', 'failed', 'received', 'logged',
            'canceled'
        )
    ),
    segments integer not null,
    encoding text not null constraint sms_encoding_known check (encoding in ('GSM-7', 'UCS-2')),
    template_id bigint references sms_template,
    batch_id bigint references sms_batch,
    appointment_id bigint references appointment,
    -- a reminder: of which of the settings' offsets, and of which start
    reminder_offset_minutes integer,
    reminder_starts_at timestamptz,
    provider text,
    provider_message_id text constraint sms_provider_message_id_unique unique,
    error_code text,
    scheduled_for timestamptz,
    -- when the provider was last asked to send it
    sending_at timestamptz,
    sent_at timestamptz,
    delivered_at timestamptz,
    received_at timestamptz,
    reviewed_at timestamptz,
    reviewed_by bigint references dcms_user,
    created_by bigint references dcms_user,
    deleted_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    version bigint not null default 1,
    constraint sms_reminder_whole check (
        (reminder_offset_minutes is null) = (reminder_starts_at is null)
        and (reminder_starts_at is null or appointment_id is not null)
    )
);

-- Words without accents and case, for the search. The dictionary is named, so the result depends on nothing else.
create function message_words(text text) returns tsvector
language sql immutable strict parallel safe as $$
    select to_tsvector('pg_catalog.simple', public.unaccent('public.unaccent', text))
$$;

-- A search: every word, or the beginning of one. Null when there is no word in it.
create function message_search(query text) returns tsquery
language sql immutable strict parallel safe as $$
    select string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || ''':*', ' & ')::tsquery
    from unnest(message_words(query))
$$;

create index sms_newest on sms (created_at, sms_id) where deleted_at is null;
create index sms_e164 on sms (e164, created_at, sms_id) where deleted_at is null;
create index sms_patient on sms (patient_id, created_at, sms_id);
create index sms_status on sms (status, created_at, sms_id) where deleted_at is null;
create index sms_unreviewed on sms (created_at, sms_id)
    where deleted_at is null and direction = 'in' and reviewed_at is null;
create index sms_batch_status on sms (batch_id, status) where batch_id is not null;
create index sms_words on sms using gin (message_words(text)) where deleted_at is null;
-- a reminder goes out once for each offset and start; one that was dropped may be planned again
create unique index sms_reminder_unique on sms (appointment_id, reminder_offset_minutes, reminder_starts_at)
    where reminder_starts_at is not null and status <> 'canceled';

-- How far a message has come. What is final stays, whatever a late or repeated receipt says.
create function sms_rank(status text) returns integer
language sql immutable strict parallel safe as $$
    select case status when 'scheduled' then 0 when 'queued' then 1 when 'sending' then 2 when 'sent' then 3 else 4 end
$$;

-- The patients who hold a number, when none is named.
create function number_candidates(named_patient_id bigint, number text) returns bigint[]
language sql stable parallel safe as $$
    select case
        when named_patient_id is null
            then array(select patient_id from patient_phone where e164 = number order by patient_id)
        else '{}'
    end
$$;

-- A patient's hold on a number, while he has it.
create function phone_number_id_of(holder_id bigint, number text) returns bigint
language sql stable parallel safe as $$
    select phone_number_id from patient_phone where patient_id = holder_id and e164 = number
$$;

-- What every answer shows of a message.
create function sms_answer(sms sms)
returns table (
    sms_id bigint,
    phone_number_id bigint,
    patient_id bigint,
    candidates bigint[],
    e164 text,
    direction text,
    text text,
    status text,
    segments integer,
    encoding text,
    template_id bigint,
    batch_id bigint,
    appointment_id bigint,
    provider text,
    provider_message_id text,
    error_code text,
    scheduled_for timestamptz,
    sent_at timestamptz,
    delivered_at timestamptz,
    received_at timestamptz,
    reviewed_at timestamptz,
    reviewed_by bigint,
    created_by bigint,
    created_at timestamptz,
    version bigint
)
language sql stable parallel safe as $$
    select
        ($1).sms_id,
        phone_number_id_of(($1).patient_id, ($1).e164),
        ($1).patient_id,
        number_candidates(($1).patient_id, ($1).e164),
        ($1).e164,
        ($1).direction,
        ($1).text,
        ($1).status,
        ($1).segments,
        ($1).encoding,
        ($1).template_id,
        ($1).batch_id,
        ($1).appointment_id,
        ($1).provider,
        ($1).provider_message_id,
        ($1).error_code,
        ($1).scheduled_for,
        ($1).sent_at,
        ($1).delivered_at,
        ($1).received_at,
        ($1).reviewed_at,
        ($1).reviewed_by,
        ($1).created_by,
        ($1).created_at,
        ($1).version
$$;

-- Why a message that waits must not go out, as things are now; null when it may. Read again before each send.
create function reason_not_to_send(message sms) returns text
language sql stable as $$
    select case
        when appointment.status in ('cancelled', 'no_show') then 'appointment_cancelled'
        when appointment.starts_at <> message.reminder_starts_at or appointment.patient_id <> message.patient_id
            then 'appointment_moved'
        when phone_number.sms_opt_out then 'opted_out'
        when patient.status <> 'active' then 'archived'
        when patient_phone.phone_number_id is null then 'number_removed'
        when message.reminder_starts_at is not null and not patient_phone.is_primary then 'number_removed'
        when message.reminder_starts_at <= now() or appointment.status not in ('booked', 'confirmed') then 'too_late'
    end
    from phone_number
    left join patient on patient.patient_id = message.patient_id
    left join patient_phone on patient_phone.patient_id = message.patient_id and patient_phone.e164 = message.e164
    left join appointment on appointment.appointment_id = message.appointment_id
    where phone_number.e164 = message.e164
$$;

create table call (
    call_id bigint generated always as identity primary key,
    -- null for callers who hide their number
    e164 text references phone_number,
    patient_id bigint references patient,
    employee_id bigint references employee,
    direction text not null constraint call_direction_known check (direction in ('in', 'out')),
    contact_type text not null constraint call_contact_type_known
        check (contact_type in ('patient', 'prospect', 'employee', 'supplier', 'other')),
    status text not null constraint call_status_known
        check (status in ('ringing', 'in_progress', 'completed', 'missed', 'busy', 'failed', 'voicemail')),
    started_at timestamptz not null,
    answered_at timestamptz,
    ended_at timestamptz,
    note text,
    provider text,
    provider_call_id text constraint call_provider_call_id_unique unique,
    recorded_by bigint references dcms_user,
    deleted_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    version bigint not null default 1
);
create index call_newest on call (started_at, call_id) where deleted_at is null;
create index call_e164 on call (e164, started_at, call_id) where deleted_at is null;
create index call_patient on call (patient_id, started_at, call_id);
create index call_contact_type on call (contact_type, started_at, call_id) where deleted_at is null;
create index call_status on call (status, started_at, call_id) where deleted_at is null;

-- Who is at the other end of a number. Of several holders none is guessed.
create function contact_of(number text, out patient_id bigint, out employee_id bigint, out contact_type text)
language sql stable parallel safe as $$
    select
        case when cardinality(holders.patients) = 1 then holders.patients[1] end,
        case when cardinality(holders.patients) = 0 and cardinality(holders.staff) = 1 then holders.staff[1] end,
        case
            when cardinality(holders.patients) > 0 then 'patient'
            when cardinality(holders.staff) > 0 then 'employee'
            else 'prospect'
        end
    from (
        select
            number_candidates(null, number) as patients,
            array(select employee_phone.employee_id from employee_phone where e164 = number) as staff
    ) as holders
$$;

-- How far a call has come; see sms_rank.
create function call_rank(status text) returns integer
language sql immutable strict parallel safe as $$
    select case status when 'ringing' then 0 when 'in_progress' then 1 else 2 end
$$;

-- Seconds that were talked: from the answer (from the start, when nobody noted it) to the end; none of a call
-- that nobody took.
create function call_duration_s(status text, started_at timestamptz, answered_at timestamptz, ended_at timestamptz)
returns integer
language sql immutable parallel safe as $$
    select case
        when ended_at is null then null
        when status in ('missed', 'busy', 'failed') then 0
        else extract(epoch from ended_at - coalesce(answered_at, started_at))::integer
    end
$$;

-- What every answer shows of a call.
create function call_answer(call call)
returns table (
    call_id bigint,
    e164 text,
    phone_number_id bigint,
    patient_id bigint,
    candidates bigint[],
    employee_id bigint,
    direction text,
    contact_type text,
    status text,
    started_at timestamptz,
    answered_at timestamptz,
    ended_at timestamptz,
    duration_s integer,
    note text,
    provider text,
    provider_call_id text,
    recorded_by bigint,
    created_at timestamptz,
    updated_at timestamptz,
    version bigint
)
language sql stable parallel safe as $$
    select
        ($1).call_id,
        ($1).e164,
        phone_number_id_of(($1).patient_id, ($1).e164),
        ($1).patient_id,
        number_candidates(($1).patient_id, ($1).e164),
        ($1).employee_id,
        ($1).direction,
        ($1).contact_type,
        ($1).status,
        ($1).started_at,
        ($1).answered_at,
        ($1).ended_at,
        call_duration_s(($1).status, ($1).started_at, ($1).answered_at, ($1).ended_at),
        ($1).note,
        ($1).provider,
        ($1).provider_call_id,
        ($1).recorded_by,
        ($1).created_at,
        ($1).updated_at,
        ($1).version
$$;

-- Every genuine event, as it came, before it is worked on. An event that comes again is the same row.
create table webhook_event (
    webhook_event_id bigint generated always as identity primary key,
    kind text not null constraint webhook_event_kind_known check (kind in ('sms.inbound', 'sms.status', 'call')),
    -- what it is about (the provider's id of the message or call), and which of that one's events it is
    subject text not null,
    event text not null,
    -- what the work needs, read from the body
    details jsonb not null,
    body bytea not null,
    content_type text not null,
    query_string text not null,
    received_at timestamptz not null default clock_timestamp(),
    deliveries integer not null default 1,
    worked_at timestamptz,
    constraint webhook_event_unique unique (kind, subject, event)
);
-- what could not be worked on yet: a receipt before its message, or a failure
create index webhook_event_waiting on webhook_event (received_at) where worked_at is null;
create index webhook_event_received_at on webhook_event (received_at);

-- The worker plans a patient's reminders anew when they would go elsewhere, or nowhere.
create function queue_reminders_of(holder_ids bigint[]) returns void
language sql as $$
    insert into outbox (kind, payload)
    select 'appointment.reminders', jsonb_build_object('appointment_id', appointment_id)
    from appointment
    where patient_id = any (holder_ids)
        and starts_at > now()
        and status in ('booked', 'confirmed')
$$;

create function queue_reminders_of_patient() returns trigger
language plpgsql as $$
begin
    perform queue_reminders_of(array[new.patient_id]);
    return null;
end
$$;
create trigger queue_reminders after update of archived_at on patient
for each row when ((old.archived_at is null) <> (new.archived_at is null)) execute function queue_reminders_of_patient();

create function queue_reminders_of_holder() returns trigger
language plpgsql as $$
begin
    perform queue_reminders_of(array[old.patient_id, new.patient_id]);
    return null;
end
$$;
create trigger queue_reminders_insert after insert on patient_phone
for each row when (new.is_primary) execute function queue_reminders_of_holder();
create trigger queue_reminders_delete after delete on patient_phone
for each row when (old.is_primary) execute function queue_reminders_of_holder();
create trigger queue_reminders_update after update on patient_phone
for each row when ((old.is_primary, old.patient_id) is distinct from (new.is_primary, new.patient_id))
execute function queue_reminders_of_holder();

create function queue_reminders_of_number() returns trigger
language plpgsql as $$
begin
    perform queue_reminders_of(array(select patient_id from patient_phone where e164 = new.e164 and is_primary));
    return null;
end
$$;
create trigger queue_reminders after update of sms_opt_out on phone_number
for each row when (old.sms_opt_out <> new.sms_opt_out) execute function queue_reminders_of_number();

create trigger count_version before update on sms_template for each row execute function count_version();
create trigger count_version before update on sms for each row execute function count_version();
create trigger count_version before update on call for each row execute function count_version();
create trigger audit after insert or update or delete on sms_template
for each row execute function audit_row('template_id', '');
create trigger audit after insert or update or delete on sms
for each row execute function audit_row('sms_id', 'patient_id', 'sending_at');
create trigger audit after insert or update or delete on call
for each row execute function audit_row('call_id', 'patient_id');
