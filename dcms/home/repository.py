"""What each role needs to see first, put together."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from dcms.access.callers import Caller
from dcms.access.permissions import Role
from dcms.access.watch import ClinicFacts
from dcms.billing.payments import PaymentRepository
from dcms.clinic.repository import ClinicRepository
from dcms.dashboard.repository import DashboardRepository
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.home.structs import ChartWidget, DayLoad, Home, Link, Number, NumbersWidget, Visit, VisitsWidget, Widget
from dcms.web.answers import API

SQL = queries("home")

# the role whose page is shown when a user holds several: the one with the most rights
VIEWS = (Role.ADMIN, Role.MANAGER, Role.DOCTOR, Role.RECEPTIONIST, Role.ASSISTANT, Role.PATIENT)
EXPECTED = ("booked", "confirmed")
PRESENT = (*EXPECTED, "came", "finished")
CHART_DAYS = timedelta(days=6)
PATIENTS_HORIZON = timedelta(days=365)


class HomeRepository:
    """Puts the home page together."""

    def __init__(
        self,
        database: Database,
        facts: ClinicFacts,
        clinic: ClinicRepository,
        dashboard: DashboardRepository,
        payments: PaymentRepository,
    ) -> None:
        self._database = database
        self._facts = facts
        self._clinic = clinic
        self._dashboard = dashboard
        self._payments = payments

    async def home(self, caller: Caller) -> Home:
        """The page of a caller."""
        view = next(role for role in VIEWS if role in caller.roles)
        match view:
            case Role.PATIENT:
                widgets = await self._patient(caller)
                message = "Your visits"
            case Role.DOCTOR:
                widgets = await self._doctor(caller)
                message = f"Your day, {self._today()}"
            case Role.ADMIN | Role.MANAGER:
                widgets = await self._manager()
                message = f"The clinic, {self._today()}"
            case _:
                widgets = await self._front_desk(is_receptionist=view is Role.RECEPTIONIST)
                message = f"The day, {self._today()}"
        return Home(view, message, _links(view, caller, self._facts.today()), widgets)

    async def clinic_name(self) -> str:
        """The name over the pages."""
        return (await self._clinic.get()).name

    def today(self) -> date:
        """The clinic's local day."""
        return self._facts.today()

    async def _front_desk(self, is_receptionist: bool) -> list[Widget]:
        now = datetime.now(self._facts.zone)
        waiting = await self._visits(self._midnight(0), self._midnight(1), ["came"])
        coming = await self._visits(now - timedelta(minutes=30), self._midnight(1), list(EXPECTED))
        widgets: list[Widget] = [
            VisitsWidget("Waiting", "Nobody is waiting.", waiting),
            VisitsWidget("Next patients", "Nobody else is expected today.", coming),
        ]
        if is_receptionist:
            widgets.append(await self._figures())
        return widgets

    async def _doctor(self, caller: Caller) -> list[Widget]:
        if caller.employee_id is None:
            day: list[Visit] = []
        else:
            day = await self._visits(self._midnight(0), self._midnight(1), list(PRESENT), caller.employee_id)
        waiting = [visit for visit in day if visit.status == "came"]
        return [
            VisitsWidget("Waiting for you", "Nobody is waiting.", waiting),
            VisitsWidget("Your day", "You have no appointments today.", day),
        ]

    async def _manager(self) -> list[Widget]:
        today = self._facts.today()
        load = await self._database.all(SQL.load, DayLoad, first_day=today - CHART_DAYS, last_day=today + CHART_DAYS)
        waiting = await self._visits(self._midnight(0), self._midnight(1), ["came"])
        return [
            await self._figures(),
            ChartWidget("A week back and a week ahead", "minutes", load),
            VisitsWidget("Waiting now", "Nobody is waiting.", waiting),
        ]

    async def _patient(self, caller: Caller) -> list[Widget]:
        now = datetime.now(self._facts.zone)
        coming = await self._visits(now, now + PATIENTS_HORIZON, list(EXPECTED))
        past = await self._visits(now - PATIENTS_HORIZON, now, list(PRESENT))
        widgets: list[Widget] = [
            VisitsWidget("Your next visits", "You have no appointment. Call us to make one.", coming),
            VisitsWidget("Your last visits", "You have not been here in the last year.", past[::-1]),
        ]
        if caller.patient_id is not None:
            balance = await self._payments.balance(caller.patient_id)
            numbers = [
                Number("Balance", self._money(balance.balance), is_urgent=balance.balance > 0),
                Number("Paid so far", self._money(balance.payments)),
            ]
            widgets.insert(1, NumbersWidget("Your account", numbers))
        return widgets

    async def _figures(self) -> NumbersWidget:
        """The day in figures, the same as the dashboard's."""
        metrics = await self._dashboard.metrics(None, None)
        status = metrics.appointments
        return NumbersWidget(
            "Today in figures",
            [
                Number("Appointments", str(sum(status[name] for name in PRESENT))),
                Number("Done", str(status["finished"])),
                Number("Did not come", str(status["no_show"]), is_urgent=status["no_show"] > 0),
                Number("New patients", str(metrics.new_patients)),
                Number("Unread messages", str(metrics.unreviewed_messages), is_urgent=metrics.unreviewed_messages > 0),
                Number("Paid in", self._money(metrics.revenue)),
            ],
        )

    async def _visits(
        self, starts_at: datetime, ends_at: datetime, statuses: list[str], doctor_id: int | None = None
    ) -> list[Visit]:
        return await self._database.all(
            SQL.visits, Visit, starts_at=starts_at, ends_at=ends_at, statuses=statuses, doctor_id=doctor_id
        )

    def _midnight(self, days_ahead: int) -> datetime:
        return datetime.combine(self._facts.today() + timedelta(days=days_ahead), time(), self._facts.zone)

    def _today(self) -> str:
        today = self._facts.today()
        return f"{today:%A}, {today.day} {today:%B %Y}"

    def _money(self, amount: Decimal) -> str:
        return f"{amount:,.2f} {self._facts.currency}"


def _links(view: Role, caller: Caller, today: date) -> list[Link]:
    links = []
    if view is Role.PATIENT:
        if caller.patient_id is not None:
            links.append(Link("My record", f"{API}/patients/{caller.patient_id}"))
        links.append(Link("My appointments", f"{API}/appointments"))
    else:
        links.append(Link("Calendar", f"{API}/calendar/day?date={today.isoformat()}"))
        links.append(Link("Patients", f"{API}/patients"))
        links.append(Link("Messages", f"{API}/sms?direction=in&reviewed=false"))
    if view in (Role.ADMIN, Role.MANAGER):
        links.append(Link("Dashboard", f"{API}/dashboard/metrics"))
    links.append(Link("API", "/schema"))
    return links
