-- Take a number from a patient whose row is locked; of a primary one the oldest other takes the place.
with removed as (
    delete from patient_phone
    where phone_number_id = :phone_number_id
        and patient_id = :holder_id
        and require_version(version, :if_match)
        and acting(:context)
    returning phone_number_id, is_primary
),
promoted as (
    update patient_phone
    set is_primary = true
    where phone_number_id = (
        select min(other.phone_number_id)
        from patient_phone as other
        cross join removed
        where other.patient_id = :holder_id
            and other.phone_number_id <> removed.phone_number_id
            and removed.is_primary
    )
)
select phone_number_id
from removed
