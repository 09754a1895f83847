"""The endpoints of calendars."""

from datetime import date, timedelta
from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from dcms.access.permissions import Permission
from dcms.availability.controller import check_days
from dcms.calendar.repository import CalendarRepository
from dcms.calendar.structs import Day, DoctorCalendar, Month, Week
from dcms.web.fields import FromDay, Id, PathId, ToDay
from dcms.web.fields import Month as MonthText
from dcms.web.requests import ApiRequest

OneDay = Annotated[date | None, QueryParameter(name="date", description="A local day; today when it is not said.")]
WeekStart = Annotated[date | None, QueryParameter(name="start", description="The first of the seven days; else today.")]
OneMonth = Annotated[
    MonthText | None, QueryParameter(name="month", description="A local month, YYYY-MM; else the current one.")
]


class CalendarController(Controller):
    """Days, weeks and months of the clinic."""

    path = "/calendar"
    tags = ("calendar",)

    @get("/day", permission=Permission.SCHEDULE_READ, may_be_stale=True)
    async def show_day(
        self,
        request: ApiRequest,
        calendar: NamedDependency[CalendarRepository],
        day: OneDay = None,
        doctor_id: FromQuery[list[Id] | None] = None,
        include_cancelled: FromQuery[bool] = False,
    ) -> Day:
        """Show a day of every active doctor and of whoever has an appointment, by last name.

        `working` is without closures and time off, `free` without active appointments. An appointment belongs to each
        local day that it touches.
        """
        shown = day or today(request)
        return (await calendar.days(shown, shown, doctor_id, include_cancelled))[0]

    @get("/week", permission=Permission.SCHEDULE_READ, may_be_stale=True)
    async def show_week(
        self,
        request: ApiRequest,
        calendar: NamedDependency[CalendarRepository],
        start: WeekStart = None,
        doctor_id: FromQuery[list[Id] | None] = None,
        include_cancelled: FromQuery[bool] = False,
    ) -> Week:
        """Show seven days from any day on, each as `/calendar/day` does."""
        first = start or today(request)
        return Week(first, await calendar.days(first, first + timedelta(days=6), doctor_id, include_cancelled))

    @get("/month", permission=Permission.SCHEDULE_READ, may_be_stale=True)
    async def show_month(
        self,
        request: ApiRequest,
        calendar: NamedDependency[CalendarRepository],
        month: OneMonth = None,
        doctor_id: FromQuery[list[Id] | None] = None,
        include_cancelled: FromQuery[bool] = False,
    ) -> Month:
        """Show the days of a month in numbers: appointments by status, minutes taken and minutes worked.

        Minutes are summed over the doctors; what overlaps is counted once.
        """
        first = date.fromisoformat(f"{month}-01") if month else today(request).replace(day=1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        return await calendar.month(f"{first:%Y-%m}", first, last, doctor_id, include_cancelled)


class DoctorCalendarController(Controller):
    """The calendar of one doctor."""

    path = "/doctors/{employee_id:int}/calendar"
    tags = ("calendar",)

    @get("/", permission=Permission.SCHEDULE_READ, may_be_stale=True)
    async def show_doctor_calendar(
        self,
        request: ApiRequest,
        calendar: NamedDependency[CalendarRepository],
        employee_id: PathId,
        first_day: FromDay = None,
        last_day: ToDay = None,
        include_cancelled: FromQuery[bool] = False,
    ) -> DoctorCalendar:
        """Show the days of one doctor, `from` to `to`, 62 at the most; a week from today when nothing is said."""
        first = first_day or min(today(request), last_day or date.max)
        first, last = check_days(first, last_day or first + timedelta(days=6))
        return await calendar.doctor(employee_id, first, last, include_cancelled)


def today(request: ApiRequest) -> date:
    """The clinic's local day."""
    day: date = request.app.state.services.facts.today()
    return day
