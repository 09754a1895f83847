-- Add a chair.
insert into chair (name)
select :name
where acting(:context)
returning chair_id, name, is_active, created_at, updated_at, version
