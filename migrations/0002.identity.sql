-- Users, their sessions and the throttle of logins.

create table dcms_user (
    user_id bigint generated always as identity primary key,
    username text not null constraint dcms_user_username_unique unique
        constraint dcms_user_username_form check (username ~ '^[a-z0-9._-]{3,50}$'),
    display_name text not null,
    roles text[] not null
        constraint dcms_user_roles_known
        check (roles <@ array['admin', 'manager', 'doctor', 'assistant', 'receptionist', 'patient'] and cardinality(roles) > 0)
        -- a patient's login opens one record; nobody gets to the others by being staff as well
        constraint dcms_user_patient_alone check ('patient' <> all (roles) or cardinality(roles) = 1),
    -- null: no login until a password is set
    password_hash text,
    -- a hash that is only made anew with other parameters is not a change
    password_changed_at timestamptz,
    must_change_password boolean not null default false,
    is_active boolean not null default true,
    last_login_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    version bigint not null default 1
);
create index dcms_user_roles on dcms_user using gin (roles);

-- A session's refresh token is derived from (session, counter) with a server key; only the counter is kept.
create table session (
    session_id bigint generated always as identity primary key,
    user_id bigint not null references dcms_user,
    created_at timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    ip inet,
    user_agent text,
    device_name text,
    impersonator_id bigint references dcms_user,
    refresh_counter bigint not null default 0,
    rotated_at timestamptz
);
create index session_live on session (user_id, session_id desc) where revoked_at is null;
create index session_expires_at on session (expires_at);
create index session_impersonator on session (impersonator_id) where impersonator_id is not null;

-- One row for each login or check of a current password that is running or has failed, kept for the throttle's
-- window. The account is a keyed hash of the name typed in, so that a password typed as a name is not kept.
create table login_attempt (
    login_attempt_id bigint generated always as identity primary key,
    account bytea not null,
    address inet not null,
    at timestamptz not null default clock_timestamp(),
    has_failed boolean not null default false
);
create index login_attempt_account on login_attempt (account, at);
create index login_attempt_address on login_attempt (address, at);
create index login_attempt_at on login_attempt (at);

-- Let an attempt begin before its password is hashed, so that many at once don't all pass:
-- login_attempt_id when it may; retry_after_s when too many have failed; neither when those that run now must
-- end first. Within 15 minutes an account may fail 10 times from an address and 50 times in all, an
-- address 100 times. An attempt whose process died counts as failed.
create function reserve_login_attempt(
    wanted_account bytea, wanted_address inet,
    out login_attempt_id bigint, out retry_after_s integer
)
language plpgsql volatile as $$
declare
    span constant interval := '15 minutes';
    blocked_since timestamptz;
    must_wait boolean;
begin
    -- always the account's before the address's, so that nobody waits in a circle
    perform pg_advisory_xact_lock(hashtextextended(encode(wanted_account, 'hex'), 2));
    perform pg_advisory_xact_lock(hashtextextended(host(wanted_address), 3));
    delete from login_attempt as old
    where old.login_attempt_id in (
        select expired.login_attempt_id
        from login_attempt as expired
        where expired.at < clock_timestamp() - span
        order by expired.at
        limit 100
        for update skip locked
    );
    with recent as (
        select
            attempt.at,
            attempt.account = wanted_account as of_account,
            attempt.address = wanted_address as from_address,
            attempt.has_failed or attempt.at < clock_timestamp() - interval '10 seconds' as is_failure
        from login_attempt as attempt
        where (attempt.account = wanted_account or attempt.address = wanted_address)
            and attempt.at > clock_timestamp() - span
    )
    select
        -- of each limit that is reached the oldest failure that counts: when it leaves, one more may be made
        greatest(
            (array_agg(recent.at order by recent.at desc) filter (where is_failure and of_account and from_address))[10],
            (array_agg(recent.at order by recent.at desc) filter (where is_failure and of_account))[50],
            (array_agg(recent.at order by recent.at desc) filter (where is_failure and from_address))[100]
        ),
        count(*) filter (where of_account and from_address) >= 10
            or count(*) filter (where of_account) >= 50
            or count(*) filter (where from_address) >= 100
    into blocked_since, must_wait
    from recent;
    if blocked_since is not null then
        retry_after_s := ceil(extract(epoch from blocked_since + span - clock_timestamp()));
    elsif not must_wait then
        insert into login_attempt as reserved (account, address)
        values (wanted_account, wanted_address)
        returning reserved.login_attempt_id into login_attempt_id;
    end if;
end
$$;

-- Tell the processes of the service what a signed token can't know.
create function note_session_end() returns trigger
language plpgsql as $$
begin
    insert into access_change (session_id) values (new.session_id);
    return null;
end
$$;
create trigger note_session_end after update of revoked_at on session
for each row when (old.revoked_at is null and new.revoked_at is not null)
execute function note_session_end();

create function note_user_change() returns trigger
language plpgsql as $$
begin
    insert into access_change (user_id) values (new.user_id);
    return null;
end
$$;
create trigger note_user_change after update on dcms_user
for each row when (
    (old.roles, old.is_active, old.must_change_password) is distinct from (new.roles, new.is_active, new.must_change_password)
)
execute function note_user_change();

-- A clinic always has an active admin. The lock makes two at once wait for each other, and the check then
-- sees what the other one committed.
create function keep_one_admin() returns trigger
language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('keep_one_admin', 0));
    if not exists (
        select from dcms_user
        where user_id <> old.user_id
            and is_active
            and roles @> array['admin']
    ) then
        perform refuse(409, 'last_admin');
    end if;
    return coalesce(new, old);
end
$$;
create trigger keep_one_admin before update of roles, is_active on dcms_user
for each row when (
    old.is_active and old.roles @> array['admin'] and not (new.is_active and new.roles @> array['admin'])
)
execute function keep_one_admin();

create trigger count_version before update on dcms_user
for each row when (
    -- a login is not a change of the user
    (old.username, old.display_name, old.roles, old.password_changed_at, old.must_change_password, old.is_active)
    is distinct from
    (new.username, new.display_name, new.roles, new.password_changed_at, new.must_change_password, new.is_active)
)
execute function count_version();

create trigger audit after insert or update or delete on dcms_user
for each row execute function audit_row('user_id', '', 'password_hash', 'last_login_at');
create trigger audit after insert or update of revoked_at, expires_at or delete on session
for each row execute function audit_row('session_id', '', 'refresh_counter', 'rotated_at', 'last_used_at', 'ip', 'user_agent');
