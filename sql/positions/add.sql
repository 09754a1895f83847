-- Add a position.
insert into position (name, description, is_clinical)
select :name, :description, :is_clinical
where acting(:context)
returning position_id, name, description, is_active, is_clinical, version
