drop index audit_log_audit_id;
drop function seal_audit_log(integer);
drop function audit_settled();
drop function audit_digest(audit_log, bytea);
drop table audit_seal_batch;
drop table audit_seal;
