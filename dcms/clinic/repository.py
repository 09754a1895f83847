"""The clinic in the database."""

from dcms.clinic.structs import Clinic
from dcms.database.pool import Database
from dcms.database.queries import queries

SQL = queries("clinic")


class ClinicRepository:
    """Reads and writes the clinic."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self) -> Clinic:
        """The clinic."""
        return await self._database.one(SQL.get, Clinic)
