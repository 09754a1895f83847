"""The dashboard's numbers, out of the database."""

from datetime import date
from typing import get_args

from dcms.access.watch import ClinicFacts
from dcms.appointments.structs import Status as AppointmentStatus
from dcms.dashboard.structs import Metrics
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.sms.structs import SmsStatus
from dcms.web.problems import Invalid

SQL = queries("dashboard")

MAX_DAYS = 366


class DashboardRepository:
    """Counts and adds up."""

    def __init__(self, database: Database, facts: ClinicFacts) -> None:
        self._database = database
        self._facts = facts

    async def metrics(self, since: date | None, until: date | None) -> Metrics:
        """The numbers of a period; an end that isn't named is today, or as near to it as can be."""
        today = self._facts.today()
        first_day = since or min(today, until or today)
        last_day = until or max(today, first_day)
        if last_day < first_day:
            raise Invalid.of("to", "lies before from")
        if (last_day - first_day).days >= MAX_DAYS:
            raise Invalid.of("to", f"must lie at most {MAX_DAYS} days on, both ends included")
        metrics = await self._database.one(SQL.metrics, Metrics, first_day=first_day, last_day=last_day)
        metrics.appointments = dict.fromkeys(get_args(AppointmentStatus), 0) | metrics.appointments
        metrics.messages = dict.fromkeys(get_args(SmsStatus), 0) | metrics.messages
        return metrics
