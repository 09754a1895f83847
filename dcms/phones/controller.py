"""The endpoints of phone numbers."""

from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from dcms.access.permissions import Permission
from dcms.phones.numbers import NormalizedNumber, normalize
from dcms.phones.repository import PhoneRepository
from dcms.phones.structs import (
    EmployeePhoneNumber,
    EmployeePhoneNumberChanges,
    NewPhoneNumber,
    NumberToNormalize,
    PhoneNumber,
    PhoneNumberChanges,
)
from dcms.web.answers import created
from dcms.web.fields import PathId
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest


class PhoneNumberController(Controller):
    """The numbers that patients hold."""

    tags = ("phone numbers",)

    @get("/patients/{patient_id:int}/phone_numbers", permission=Permission.PATIENTS_READ, may_be_stale=True)
    async def list_phone_numbers(
        self,
        request: ApiRequest,
        phones: NamedDependency[PhoneRepository[PhoneNumber]],
        patient_id: PathId,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[PhoneNumber]:
        """List a patient's phone numbers, oldest first."""
        return await phones.find(patient_id, request.page(limit, cursor))

    @post("/patients/{patient_id:int}/phone_numbers", permission=Permission.PATIENTS_WRITE)
    async def add_phone_number(
        self,
        phones: NamedDependency[PhoneRepository[PhoneNumber]],
        patient_id: PathId,
        data: JSONBody[NewPhoneNumber],
    ) -> Response[PhoneNumber]:
        """Give a patient a phone number, in any spelling; his first one is primary."""
        number = await phones.add(patient_id, data)
        return created(number, f"/phone_numbers/{number.phone_number_id}")

    @post("/phone_numbers/normalize", permission=Permission.PATIENTS_READ, status_code=200)
    async def normalize_phone_number(self, request: ApiRequest, data: JSONBody[NumberToNormalize]) -> NormalizedNumber:
        """Say what a spelling is as a phone number, dialled in the region or else in the clinic's."""
        return normalize(data.number, data.region or request.context.default_region)

    @get("/phone_numbers/{phone_number_id:int}", permission=Permission.PATIENTS_READ)
    async def get_phone_number(
        self, phones: NamedDependency[PhoneRepository[PhoneNumber]], phone_number_id: PathId
    ) -> PhoneNumber:
        """Show one patient's hold on a number."""
        return await phones.get(phone_number_id)

    @patch("/phone_numbers/{phone_number_id:int}", permission=Permission.PATIENTS_WRITE)
    async def update_phone_number(
        self,
        phones: NamedDependency[PhoneRepository[PhoneNumber]],
        phone_number_id: PathId,
        data: JSONBody[PhoneNumberChanges],
    ) -> PhoneNumber:
        """Change a number's label, and its opt-out, which counts for whoever holds the number."""
        return await phones.update(phone_number_id, data)

    @delete("/phone_numbers/{phone_number_id:int}", permission=Permission.PATIENTS_WRITE)
    async def remove_phone_number(
        self, phones: NamedDependency[PhoneRepository[PhoneNumber]], phone_number_id: PathId
    ) -> None:
        """Take a number from its patient; its messages and calls stay.

        Of a primary one the oldest other takes the place.
        """
        await phones.remove(phone_number_id)

    @post("/phone_numbers/{phone_number_id:int}/make_primary", permission=Permission.PATIENTS_WRITE, status_code=200)
    async def make_phone_number_primary(
        self, phones: NamedDependency[PhoneRepository[PhoneNumber]], phone_number_id: PathId
    ) -> PhoneNumber:
        """Make a number its patient's primary one."""
        return await phones.make_primary(phone_number_id)


class EmployeePhoneNumberController(Controller):
    """The numbers that employees hold."""

    tags = ("employees",)

    @get("/employees/{employee_id:int}/phone_numbers", permission=Permission.STAFF_READ, may_be_stale=True)
    async def list_employee_phone_numbers(
        self,
        request: ApiRequest,
        employee_phones: NamedDependency[PhoneRepository[EmployeePhoneNumber]],
        employee_id: PathId,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[EmployeePhoneNumber]:
        """List an employee's phone numbers, oldest first."""
        return await employee_phones.find(employee_id, request.page(limit, cursor))

    @post("/employees/{employee_id:int}/phone_numbers", permission=Permission.STAFF_WRITE)
    async def add_employee_phone_number(
        self,
        employee_phones: NamedDependency[PhoneRepository[EmployeePhoneNumber]],
        employee_id: PathId,
        data: JSONBody[NewPhoneNumber],
    ) -> Response[EmployeePhoneNumber]:
        """Give an employee a phone number, in any spelling; his first one is primary."""
        number = await employee_phones.add(employee_id, data)
        return created(number, f"/employee_phone_numbers/{number.phone_number_id}")

    @get("/employee_phone_numbers/{phone_number_id:int}", permission=Permission.STAFF_READ)
    async def get_employee_phone_number(
        self, employee_phones: NamedDependency[PhoneRepository[EmployeePhoneNumber]], phone_number_id: PathId
    ) -> EmployeePhoneNumber:
        """Show one employee's hold on a number."""
        return await employee_phones.get(phone_number_id)

    @patch("/employee_phone_numbers/{phone_number_id:int}", permission=Permission.STAFF_WRITE)
    async def update_employee_phone_number(
        self,
        employee_phones: NamedDependency[PhoneRepository[EmployeePhoneNumber]],
        phone_number_id: PathId,
        data: JSONBody[EmployeePhoneNumberChanges],
    ) -> EmployeePhoneNumber:
        """Change a number's label."""
        return await employee_phones.update(phone_number_id, data)

    @delete("/employee_phone_numbers/{phone_number_id:int}", permission=Permission.STAFF_WRITE)
    async def remove_employee_phone_number(
        self, employee_phones: NamedDependency[PhoneRepository[EmployeePhoneNumber]], phone_number_id: PathId
    ) -> None:
        """Take a number from its employee. Of a primary one the oldest other takes the place."""
        await employee_phones.remove(phone_number_id)

    @post(
        "/employee_phone_numbers/{phone_number_id:int}/make_primary", permission=Permission.STAFF_WRITE, status_code=200
    )
    async def make_employee_phone_number_primary(
        self, employee_phones: NamedDependency[PhoneRepository[EmployeePhoneNumber]], phone_number_id: PathId
    ) -> EmployeePhoneNumber:
        """Make a number its employee's primary one."""
        return await employee_phones.make_primary(phone_number_id)
