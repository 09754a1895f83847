"""The endpoint of availability."""

from datetime import date, timedelta
from typing import Annotated, Literal

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from msgspec import Meta

from dcms.access.permissions import Permission
from dcms.appointments.structs import MAX_SERVICES, Duration
from dcms.availability.repository import AvailabilityRepository
from dcms.availability.structs import FreeSlots, FreeWindows, Wish
from dcms.web.fields import FromDay, Id, ToDay
from dcms.web.problems import Invalid
from dcms.web.requests import ApiRequest

MAX_DAYS = 62

OneDay = Annotated[date | None, QueryParameter(name="date", description="One local day, instead of `from` and `to`.")]
ServiceIds = Annotated[
    Annotated[list[Id], Meta(max_length=MAX_SERVICES)] | None,
    QueryParameter(name="service_id", description="Their sum is the duration, unless one is given."),
]
MaxSlots = Annotated[int, Meta(ge=1, le=2000), QueryParameter(name="limit", description="How many at the most.")]


class AvailabilityController(Controller):
    """When doctors are free."""

    path = "/availability"
    tags = ("appointments",)

    @get("/", permission=Permission.SCHEDULE_READ, open_to_patients=True, may_be_stale=True)
    async def list_availability(
        self,
        request: ApiRequest,
        availability: NamedDependency[AvailabilityRepository],
        day: OneDay = None,
        first_day: FromDay = None,
        last_day: ToDay = None,
        doctor_id: FromQuery[list[Id] | None] = None,
        chair_id: FromQuery[Id | None] = None,
        service_ids: ServiceIds = None,
        duration_min: FromQuery[Duration | None] = None,
        view: FromQuery[Literal["slots", "windows"]] = "slots",
        limit: MaxSlots = 200,
    ) -> FreeSlots | FreeWindows:
        """List what is free and can be booked, by start, then doctor: slots on the step grid, or whole windows.

        Of one day, or of `from` to `to`; today when nothing is said, `to` without `from` from today on, `from` without
        `to` for as many days as may be asked for. Any doctor when none is named. When nothing is free, `next_available`
        is the next day that has a slot, of the 180 days after.
        """
        first, last = days_asked(day, first_day, last_day, request.app.state.services.facts.today())
        wish = Wish(
            first_day=first,
            last_day=last,
            doctor_ids=doctor_id,
            chair_id=chair_id,
            service_ids=service_ids or [],
            duration_min=duration_min,
            limit=limit,
        )
        return await (availability.windows(wish) if view == "windows" else availability.slots(wish))


def days_asked(day: date | None, first: date | None, last: date | None, today: date) -> tuple[date, date]:
    """The first and the last day that are meant. Raises Invalid for a contradiction or too many days."""
    if day is not None:
        if first is not None or last is not None:
            raise Invalid.of("date", "can't be given with from or to")
        return day, day
    if first is None:
        first = today
        last = today if last is None else last
    if last is None:
        last = first + timedelta(days=MAX_DAYS - 1)
    return check_days(first, last)


def check_days(first: date, last: date) -> tuple[date, date]:
    """Both days. Raises Invalid when they are out of order or too many."""
    if last < first:
        raise Invalid.of("to", "must not be before from")
    if (last - first).days >= MAX_DAYS:
        raise Invalid.of("to", f"must be within {MAX_DAYS} days")
    return first, last
