drop table access_change;
drop table outbox;
drop function claim_idempotency_key(bigint, text, bytea);
drop table idempotency_key;
drop function audit_row();
drop function prepare_audit_partitions(integer);
drop table audit_log;
drop function local_instant(timestamp, text);
drop function count_version();
drop function require_version(bigint, bigint[]);
drop function acting(jsonb);
drop function refuse(integer, text, jsonb);
alter default privileges in schema public revoke select, insert, update, delete on tables from dcms_app;
alter default privileges in schema public revoke usage, select on sequences from dcms_app;
revoke usage on schema public from dcms_app;
drop extension unaccent;
drop extension pg_trgm;
drop extension btree_gist;
-- the role dcms_app stays: other databases of the cluster may use it
