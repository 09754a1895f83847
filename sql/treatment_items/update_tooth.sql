-- Change what :changes names of an item's tooth, and count it as a change of the item and of its treatment.
with parent as materialized (
    select item_tooth.treatment_item_tooth_id, item_tooth.treatment_item_id, item.treatment_id, item_tooth.version
    from treatment
    join treatment_item as item on item.treatment_id = treatment.treatment_id
    join treatment_item_tooth as item_tooth on item_tooth.treatment_item_id = item.treatment_item_id
    where item_tooth.treatment_item_tooth_id = :treatment_item_tooth_id
        and item_tooth.deleted_at is null
        and item.deleted_at is null
        and treatment.deleted_at is null
        and require_version(item_tooth.version, :if_match)
    for update of treatment, item, item_tooth
),
changed as (
    update treatment_item_tooth as item_tooth
    set (tooth_id, surfaces, condition, note) = (
        select wanted.tooth_id, wanted.surfaces, wanted.condition, wanted.note
        from jsonb_populate_record(item_tooth, :changes::jsonb) as wanted
    )
    from parent
    where item_tooth.treatment_item_tooth_id = parent.treatment_item_tooth_id
        and check_treatment_items(
            '[]',
            jsonb_build_array(
                to_jsonb(item_tooth)
                || :changes::jsonb
                || '{"surfaces_field": "surfaces"}'
                || case
                    when (:changes::jsonb ->> 'tooth_id')::bigint <> item_tooth.tooth_id then '{"tooth_field": "tooth_id"}'
                    else '{}'
                end::jsonb
            )
        )
        and acting(:context)
    returning
        item_tooth.treatment_item_tooth_id,
        item_tooth.tooth_id,
        item_tooth.surfaces,
        item_tooth.condition,
        item_tooth.note,
        item_tooth.version
),
touched_item as (
    update treatment_item as item
    set version = item.version + 1
    from changed
    join parent on parent.treatment_item_tooth_id = changed.treatment_item_tooth_id and parent.version <> changed.version
    where item.treatment_item_id = parent.treatment_item_id
),
touched_treatment as (
    update treatment
    set version = treatment.version + 1
    from changed
    join parent on parent.treatment_item_tooth_id = changed.treatment_item_tooth_id and parent.version <> changed.version
    where treatment.treatment_id = parent.treatment_id
)
select
    changed.treatment_item_tooth_id,
    changed.tooth_id,
    tooth_code(tooth) as code,
    changed.surfaces,
    changed.condition,
    changed.note,
    changed.version
from changed
join tooth_definition as tooth on tooth.tooth_id = changed.tooth_id
