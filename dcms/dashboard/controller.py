"""The endpoint of the dashboard."""

from litestar import Controller, get
from litestar.di import NamedDependency

from dcms.access.permissions import Permission
from dcms.dashboard.repository import DashboardRepository
from dcms.dashboard.structs import Metrics
from dcms.web.fields import FromDay, ToDay


class DashboardController(Controller):
    """What happened in the clinic, in numbers."""

    path = "/dashboard"
    tags = ("dashboard",)

    @get("/metrics", permission=Permission.DASHBOARD_READ, may_be_stale=True)
    async def get_dashboard_metrics(
        self, dashboard: NamedDependency[DashboardRepository], since: FromDay = None, until: ToDay = None
    ) -> Metrics:
        """Show what happened from one local day to another, both included: today, or up to 366 days."""
        return await dashboard.metrics(since, until)
