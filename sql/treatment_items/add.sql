-- Add items with their teeth to a treatment: the services as they are now, at their prices unless others are sent.
with given as materialized (
    select
        nextval(pg_get_serial_sequence('treatment_item', 'treatment_item_id')) as treatment_item_id,
        item.*
    from rows from (
        jsonb_to_recordset(:items::jsonb) as (
            service_id bigint,
            quantity integer,
            unit_price numeric,
            discount numeric,
            status text,
            done_at timestamptz,
            note text
        )
    ) with ordinality as item (service_id, quantity, unit_price, discount, status, done_at, note, place)
    where check_treatment_items(:items::jsonb, :teeth::jsonb)
),
added as (
    insert into treatment_item (
        treatment_item_id, treatment_id, patient_id, service_id, service_name, resulting_condition, quantity, unit_price,
        discount, status, done_at, note
    )
    overriding system value
    select
        given.treatment_item_id,
        treatment.treatment_id,
        treatment.patient_id,
        service.service_id,
        service.name,
        service.resulting_condition,
        given.quantity,
        coalesce(given.unit_price, service.price),
        given.discount,
        state.status,
        case when state.status = 'done' then coalesce(given.done_at, default_done_at(treatment.performed_on)) end,
        given.note
    from given
    join service_catalog as service on service.service_id = given.service_id
    join treatment on treatment.treatment_id = :treatment_id
    cross join lateral (
        select coalesce(given.status, case treatment.status when 'completed' then 'done' else 'planned' end) as status
    ) as state
    where acting(:context)
    order by given.place
    returning treatment_item_id, patient_id
),
teeth as (
    insert into treatment_item_tooth (treatment_item_id, patient_id, tooth_id, surfaces, condition, note)
    select added.treatment_item_id, added.patient_id, tooth.tooth_id, tooth.surfaces, tooth.condition, tooth.note
    from jsonb_to_recordset(:teeth::jsonb)
        as tooth (item integer, tooth_id bigint, surfaces text, condition text, note text)
    join given on given.place = tooth.item
    join added on added.treatment_item_id = given.treatment_item_id
    order by given.place, tooth.tooth_id
)
select treatment_item_id
from added
order by treatment_item_id
