-- Links under which a calendar program subscribes to a doctor's appointments.

create table calendar_feed (
    calendar_feed_id bigint generated always as identity primary key,
    employee_id bigint not null references employee,
    name text,
    -- what an event tells: that the time is taken, or the patient's initials and the services as well
    details text not null default 'busy' constraint calendar_feed_details_known check (details in ('busy', 'initials')),
    -- of the link's secret, which is kept nowhere; it is random enough for a plain hash
    token_hash bytea not null constraint calendar_feed_token_unique unique
        constraint calendar_feed_token_sha256 check (length(token_hash) = 32),
    created_by bigint references dcms_user,
    created_at timestamptz not null default now(),
    last_used_at timestamptz
);
create index calendar_feed_employee on calendar_feed (employee_id, calendar_feed_id);

-- only its use is ever updated, which is no change
create trigger audit after insert or delete on calendar_feed
for each row execute function audit_row('calendar_feed_id', '', 'token_hash', 'last_used_at');
