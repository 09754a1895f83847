"""The clinic in the database."""

import msgspec

from dcms.access.watch import Watch
from dcms.clinic.meta import ClinicMeta, ClinicNow
from dcms.clinic.structs import Clinic, ClinicChanges, Settings, SettingsChanges
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.web.problems import Invalid

SQL = queries("clinic")


class ClinicRepository:
    """Reads and writes the clinic."""

    def __init__(self, database: Database, watch: Watch) -> None:
        self._database = database
        self._watch = watch

    async def get(self) -> Clinic:
        """The clinic."""
        return await self._database.one(SQL.get, Clinic)

    async def update(self, changes: ClinicChanges) -> Clinic:
        """Change the clinic."""
        return await self._database.one(SQL.update, Clinic, changes=msgspec.to_builtins(changes))

    async def get_settings(self) -> Settings:
        """The settings."""
        return await self._database.one(SQL.get_settings, Settings)

    async def update_settings(self, changes: SettingsChanges) -> Settings:
        """Change the settings, hours and closures with them."""
        if isinstance(changes.timezone, str):
            await self._check_timezone(changes.timezone)
        async with self._database.transaction():
            await self._database.execute(SQL.lock_settings)
            await self._database.execute(SQL.update_settings, changes=msgspec.to_builtins(changes))
            settings = await self._database.one(SQL.get_settings, Settings)
        # the answer, and this process's next ones, are in the new zone
        await self._watch.refresh()
        settings.updated_at = settings.updated_at.astimezone(self._watch.facts.zone)
        return settings

    async def meta(self) -> ClinicMeta:
        """The settings that anybody may know, the clinic's clock, and the lists of words."""
        return ClinicMeta(*msgspec.structs.astuple(await self._database.one(SQL.now, ClinicNow)))

    async def _check_timezone(self, timezone: str) -> None:
        """The database's zones may be older than this process's."""
        if not await self._database.one(SQL.knows_timezone, bool, timezone=timezone):
            raise Invalid.of("timezone", "is not a time zone that the database knows")
