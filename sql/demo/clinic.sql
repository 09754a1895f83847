-- Name the demo clinic and set its hours.
with named as (
    update clinic
    set
        name = 'Zahnarztpraxis am Park',
        legal_name = 'Zahnarztpraxis am Park MVZ GmbH',
        phone = '+493012345678',
        email = 'praxis@example.org',
        address = 'Parkallee 1, 10115 Berlin',
        website = 'https://praxis.example.org'
),
settings as (
    update clinic_settings
    set timezone = 'Europe/Berlin', locale = 'de-DE', currency = 'EUR', default_region = 'DE'
),
emptied as (
    delete from business_hours
    returning weekday
),
christmas as (
    insert into closure (starts_on, ends_on, reason)
    select make_date(extract(year from now())::integer, 12, 24), make_date(extract(year from now())::integer, 12, 26), 'Christmas'
)
select count(*) from emptied
