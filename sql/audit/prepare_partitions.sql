-- Make the partitions of this month and the coming ones.
select prepare_audit_partitions()
