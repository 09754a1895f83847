"""The endpoints of the clinic."""

from litestar import Controller, get
from litestar.di import NamedDependency

from dcms.access.permissions import Permission
from dcms.clinic.repository import ClinicRepository
from dcms.clinic.structs import Clinic


class ClinicController(Controller):
    """The clinic and its settings."""

    path = "/clinic"
    tags = ("clinic",)

    @get("/", permission=Permission.CLINIC_READ, open_to_patients=True)
    async def get_clinic(self, clinic: NamedDependency[ClinicRepository]) -> Clinic:
        """Show the clinic."""
        return await clinic.get()
