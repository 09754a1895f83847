-- Users that fit a search, at most 1,000, best first: by name, by its beginning, by anything in it.
with part as (
    select lower(unaccent(word)) as word
    from regexp_split_to_table(:search::text, '\s+') as word
)
select
    user_id,
    username,
    display_name,
    roles,
    is_active,
    must_change_password,
    last_login_at,
    created_at,
    updated_at,
    version,
    case
        when :search::text is null or username = lower(:search) then 0
        when starts_with(username, lower(:search)) then 1
        when starts_with(lower(unaccent(display_name)), lower(unaccent(:search))) then 2
        else 3
    end as rank
from dcms_user
where (:roles::text[] is null or roles && :roles)
    and (:is_active::boolean is null or is_active = :is_active)
    and not exists (
        select
        from part
        where strpos(lower(unaccent(username || ' ' || display_name)), part.word) = 0
    )
order by rank, user_id
limit case when :search::text is not null then 1000 end
