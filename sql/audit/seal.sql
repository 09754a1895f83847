-- Seal the committed entries that are not sealed yet, at most so many.
select entries, last_position, last_digest from seal_audit_log(:most)
