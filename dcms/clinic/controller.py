"""The endpoints of the clinic."""

from litestar import Controller, get, patch
from litestar.di import NamedDependency
from litestar.params import JSONBody

from dcms.access.permissions import Permission
from dcms.clinic.meta import ClinicMeta
from dcms.clinic.repository import ClinicRepository
from dcms.clinic.structs import Clinic, ClinicChanges, Settings, SettingsChanges


class ClinicController(Controller):
    """The clinic and its settings."""

    path = "/clinic"
    tags = ("clinic",)

    @get("/", permission=Permission.CLINIC_READ, open_to_patients=True)
    async def get_clinic(self, clinic: NamedDependency[ClinicRepository]) -> Clinic:
        """Show the clinic."""
        return await clinic.get()

    @patch("/", permission=Permission.CLINIC_WRITE)
    async def update_clinic(self, clinic: NamedDependency[ClinicRepository], data: JSONBody[ClinicChanges]) -> Clinic:
        """Change the clinic: what is absent stays, null clears."""
        return await clinic.update(data)

    @get("/settings", permission=Permission.CLINIC_READ)
    async def get_settings(self, clinic: NamedDependency[ClinicRepository]) -> Settings:
        """Show how the clinic works: hours by weekday and time, closures by day."""
        return await clinic.get_settings()

    @patch("/settings", permission=Permission.CLINIC_WRITE)
    async def update_settings(
        self, clinic: NamedDependency[ClinicRepository], data: JSONBody[SettingsChanges]
    ) -> Settings:
        """Change how the clinic works: what is absent stays, a list is replaced whole; known everywhere within 1 s."""
        return await clinic.update_settings(data)

    @get("/meta", permission=Permission.CLINIC_READ, open_to_patients=True)
    async def get_clinic_meta(self, clinic: NamedDependency[ClinicRepository]) -> ClinicMeta:
        """Show what screens need: the settings but reminders and closures, the clinic's clock, the words of the API."""
        return await clinic.meta()
