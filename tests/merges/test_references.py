"""No table that refers to a patient can be forgotten by a merge."""

from tests.api import Api


async def test_every_column_of_the_catalogue_that_refers_to_a_patient_is_registered(api: Api) -> None:
    columns = await api.owner.fetch(
        """
        select constrained.relname, attribute.attname
        from pg_constraint
        join pg_class as constrained on constrained.oid = pg_constraint.conrelid
        cross join unnest(pg_constraint.conkey, pg_constraint.confkey) as pair (own, other)
        join pg_attribute as attribute
            on attribute.attrelid = pg_constraint.conrelid and attribute.attnum = pair.own
        join pg_attribute as referred
            on referred.attrelid = pg_constraint.confrelid and referred.attnum = pair.other
        where pg_constraint.contype = 'f'
            and referred.attname = 'patient_id'
        union
        -- without a foreign key: by their names
        select table_name, column_name
        from information_schema.columns
        where table_schema = 'public'
            and column_name ~ 'patient_ids?$|merged_into|^resource_id$'
            and (table_name, column_name) <> ('patient', 'patient_id')
            and table_name !~ '^audit_log_'
        """
    )
    registered = await api.owner.fetch("select table_name, column_name from patient_reference")

    assert {tuple(row) for row in columns} == {tuple(row) for row in registered}


async def test_what_is_registered_as_moved_is_a_foreign_key_or_moved_by_one(api: Api) -> None:
    unlocked = await api.owner.fetch(
        """
        select table_name
        from patient_reference
        where key_column is not null
            and not exists (
                select
                from pg_constraint
                join pg_attribute as attribute
                    on attribute.attrelid = conrelid and attribute.attnum = any (conkey)
                where conrelid = table_name::regclass
                    and contype = 'f'
                    and attribute.attname = column_name
                    and (confrelid = 'patient'::regclass or confupdtype = 'c')
            )
        """
    )

    assert unlocked == []
