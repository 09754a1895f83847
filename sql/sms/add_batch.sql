-- Begin a bulk message.
insert into sms_batch (total, created_by)
select :total, :caller_id
where acting(:context)
returning batch_id
