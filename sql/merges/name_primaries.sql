-- Make one number of each of two patients primary if none is: the source's former one, else the oldest.
update patient_phone
set is_primary = true
where phone_number_id in (
        select distinct on (held.patient_id) held.phone_number_id
        from patient_phone as held
        join patient_merge on patient_merge.merge_id = :merge_id
        where held.patient_id in (:source_id, :target_id)
            and not exists (
                select
                from patient_phone as other
                where other.patient_id = held.patient_id
                    and other.is_primary
            )
        order by
            held.patient_id,
            held.phone_number_id is distinct from patient_merge.primary_phone_number_id,
            held.phone_number_id
    )
    and acting(:context::jsonb || '{"action": "unmerge"}')
