-- Give services the numbers of :places; an unknown one undoes all.
with place as (
    select given.service_id, given.display_number, given.place
    from rows from (
        jsonb_to_recordset(:places::jsonb) as (service_id bigint, display_number integer)
    ) with ordinality as given (service_id, display_number, place)
),
unknown as (
    select refuse(
        422,
        'unknown_reference',
        jsonb_build_object('field', format('[%s].service_id', min(place) - 1), 'detail', 'There is no such service.')
    ) as refused
    from place
    where service_id not in (select service_id from service_catalog)
    having count(*) > 0
)
update service_catalog
set display_number = place.display_number
from place
where service_catalog.service_id = place.service_id
    and not exists (select from unknown where refused)
    -- the list has no version that If-Match could name
    and require_version(-service_catalog.service_id, :if_match)
    and acting(:context)
