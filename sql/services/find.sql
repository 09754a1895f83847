-- The services of these filters; :text finds by words in code, name, type and description, and ranks.
select
    catalog.service_id,
    catalog.code,
    catalog.name,
    catalog.service_type,
    catalog.description,
    catalog.duration_min,
    catalog.price,
    catalog.display_number,
    catalog.resulting_condition,
    catalog.is_active,
    catalog.version,
    match.rank
from service_catalog as catalog
cross join lower(unaccent(:text)) as wanted
cross join lower(unaccent(catalog.code)) as plain_code
cross join lower(unaccent(catalog.name)) as plain_name
cross join lateral (
    select case
        when plain_code = wanted then 0
        when plain_name = wanted then 1
        when starts_with(plain_code, wanted) or starts_with(plain_name, wanted) then 2
        else 3
    end as rank
) as match
where (:include_inactive or catalog.is_active)
    and (:service_type::text is null or catalog.service_type = :service_type)
    and not exists (
        select
        from regexp_split_to_table(wanted, '\s+') as word
        where position(
            word in lower(
                unaccent(concat_ws(' ', catalog.code, catalog.name, catalog.service_type, catalog.description))
            )
        ) = 0
    )
order by match.rank, catalog.service_id
limit case when :text::text is not null then 1000 end
