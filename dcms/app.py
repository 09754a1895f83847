"""The application: a table of contents, and how its parts are wired."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide

from dcms.appointments.controller import AppointmentController, PatientAppointmentController
from dcms.appointments.repository import AppointmentRepository
from dcms.assignments.controller import AssignmentController
from dcms.assignments.repository import AssignmentRepository
from dcms.audit.controller import AuditController
from dcms.audit.repository import AuditRepository
from dcms.auth.controller import AuthController, SessionController
from dcms.auth.repository import AuthRepository
from dcms.auth.sessions import SessionRepository
from dcms.availability.controller import AvailabilityController
from dcms.availability.repository import AvailabilityRepository
from dcms.billing.controller import InvoiceController, PatientBillingController, PaymentController
from dcms.billing.payments import PaymentRepository
from dcms.billing.repository import InvoiceRepository
from dcms.calendar.controller import CalendarController, DoctorCalendarController
from dcms.calendar.repository import CalendarRepository
from dcms.calendar_feeds.controller import CalendarFeedController, CalendarFileController
from dcms.calendar_feeds.repository import CalendarFeedRepository
from dcms.calls.controller import CallController
from dcms.calls.repository import CallRepository
from dcms.chairs.controller import ChairController
from dcms.chairs.repository import ChairRepository
from dcms.clinic.controller import ClinicController
from dcms.clinic.repository import ClinicRepository
from dcms.dashboard.controller import DashboardController
from dcms.dashboard.repository import DashboardRepository
from dcms.employees.controller import EmployeeController
from dcms.employees.repository import EmployeeRepository
from dcms.events.controller import EventController
from dcms.export.controller import ExportController
from dcms.export.repository import ExportRepository
from dcms.fhir.controller import FhirController
from dcms.fhir.diary import FhirDiaryController
from dcms.fhir.outcomes import OUTCOMES
from dcms.fhir.repository import FhirRepository
from dcms.home.controller import HomeController
from dcms.home.repository import HomeRepository
from dcms.merges.controller import MergeController
from dcms.merges.repository import MergeRepository
from dcms.odontogram.controller import OdontogramController
from dcms.odontogram.repository import OdontogramRepository
from dcms.operations.build import version_of
from dcms.operations.controller import HealthController, MetricsController
from dcms.operations.probe import Probe
from dcms.patients.controller import PatientController
from dcms.patients.repository import PatientRepository
from dcms.phones.controller import EmployeePhoneNumberController, PhoneNumberController
from dcms.phones.repository import OF_EMPLOYEES, OF_PATIENTS, PhoneRepository
from dcms.positions.controller import PositionController
from dcms.positions.repository import PositionRepository
from dcms.process import Services, hear_stop_signals
from dcms.services.controller import ServiceController
from dcms.services.repository import ServiceRepository
from dcms.settings import Settings
from dcms.sms.bulk import BulkRepository
from dcms.sms.controller import SmsController
from dcms.sms.repository import SmsRepository
from dcms.sms_templates.controller import TemplateController
from dcms.sms_templates.repository import TemplateRepository
from dcms.teeth.controller import ToothController
from dcms.teeth.repository import ToothRepository
from dcms.time_off.controller import TimeOffController
from dcms.time_off.repository import TimeOffRepository
from dcms.timeline.controller import TimelineController
from dcms.timeline.repository import TimelineRepository
from dcms.treatment_items.controller import TreatmentItemController
from dcms.treatment_items.repository import TreatmentItemRepository
from dcms.treatments.controller import PatientTreatmentController, TreatmentController
from dcms.treatments.repository import TreatmentRepository
from dcms.users.controller import RoleController, UserController
from dcms.users.passwords import PasswordRepository
from dcms.users.repository import UserRepository
from dcms.web.answers import API, Answer
from dcms.web.errors import EXCEPTION_HANDLERS
from dcms.web.front import Front
from dcms.web.gate import Gate
from dcms.web.reference import ReferenceController
from dcms.web.requests import ApiRequest
from dcms.web.routes import methods_table, route_table
from dcms.webhooks.controller import WebhookController
from dcms.working_hours.controller import WorkingHoursController
from dcms.working_hours.repository import WorkingHoursRepository

CONTROLLERS = [
    AppointmentController,
    PatientAppointmentController,
    AssignmentController,
    AuditController,
    AuthController,
    CalendarController,
    CalendarFeedController,
    ChairController,
    DoctorCalendarController,
    AvailabilityController,
    CallController,
    ClinicController,
    DashboardController,
    HealthController,
    InvoiceController,
    PatientBillingController,
    EmployeeController,
    EventController,
    ExportController,
    MergeController,
    PatientController,
    PhoneNumberController,
    EmployeePhoneNumberController,
    PositionController,
    ServiceController,
    PaymentController,
    SmsController,
    TemplateController,
    TimeOffController,
    TreatmentController,
    PatientTreatmentController,
    TreatmentItemController,
    TimelineController,
    ToothController,
    WorkingHoursController,
    WebhookController,
    OdontogramController,
    RoleController,
    SessionController,
    UserController,
]

# when the server has set its own handlers
HEAR_SIGNALS_AFTER_S = 1

# not under the API's base path
ROOT_CONTROLLERS = [
    CalendarFileController,
    FhirController,
    FhirDiaryController,
    HomeController,
    MetricsController,
    ReferenceController,
]


def repositories(services: Services) -> dict[str, Any]:
    """Every repository and what else handlers ask for, under the name by which handlers ask for it."""
    database = services.database
    passwords = PasswordRepository(database, services.hasher, services.throttle)
    patients = PatientRepository(database)
    clinic = ClinicRepository(database, services.watch)
    dashboard = DashboardRepository(database, services.facts)
    payments = PaymentRepository(database)
    availability = AvailabilityRepository(database, services.facts)
    return {
        "appointments": AppointmentRepository(database, services.facts),
        "assignments": AssignmentRepository(database),
        "audit": AuditRepository(database),
        "build": version_of(services.settings),
        "calendar": CalendarRepository(database),
        "calendar_feeds": CalendarFeedRepository(
            database, services.throttle, services.trail, services.facts, services.settings.public_base_url
        ),
        "auth": AuthRepository(
            database, services.tokens, services.hasher, services.throttle, services.trail, services.settings
        ),
        "chairs": ChairRepository(database),
        "availability": availability,
        "bulk": BulkRepository(database, patients.find_ids),
        "calls": CallRepository(database),
        "clinic": clinic,
        "dashboard": dashboard,
        "intake": services.intake,
        "invoices": InvoiceRepository(database),
        "employees": EmployeeRepository(database),
        "events": services.feed,
        "exports": ExportRepository(database, services.trail, services.watch, patients.whole_list),
        "fhir": FhirRepository(database, availability.free_slots),
        "measures": services.measures,
        "merges": MergeRepository(database),
        "patients": patients,
        "phones": PhoneRepository(database, OF_PATIENTS),
        "employee_phones": PhoneRepository(database, OF_EMPLOYEES),
        "positions": PositionRepository(database),
        "probe": Probe(database),
        "services": ServiceRepository(database),
        "payments": payments,
        "sms": SmsRepository(database),
        "sms_templates": TemplateRepository(database),
        "time_off": TimeOffRepository(database),
        "treatments": TreatmentRepository(database),
        "treatment_items": TreatmentItemRepository(database),
        "teeth": ToothRepository(database),
        "working_hours": WorkingHoursRepository(database),
        "watch": services.watch,
        "charts": OdontogramRepository(database),
        "passwords": passwords,
        "sessions": SessionRepository(database, services.settings),
        "users": UserRepository(database, passwords),
        "timelines": TimelineRepository(database, patients),
        "home": HomeRepository(database, services.facts, clinic, dashboard, payments),
    }


def create_app(settings: Settings) -> Front:
    """The ASGI application of one process."""
    services = Services(settings)

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        await services.start()
        asyncio.get_running_loop().call_later(HEAR_SIGNALS_AFTER_S, hear_stop_signals, services.feed.end_streams)
        try:
            yield
        finally:
            await services.stop()

    app = Litestar(
        route_handlers=[Router(API, route_handlers=list(CONTROLLERS)), *ROOT_CONTROLLERS],
        dependencies={name: _provide(value) for name, value in repositories(services).items()},
        state=State(
            {
                "database": services.database,
                "standby": services.standby,
                "authenticator": services.authenticator,
                "cursor_key": services.tokens.derive_key(b"cursors"),
                "idempotency_secrets": services.tokens.derive_keys(b"idempotency"),
                "services": services,
                "problem_forms": (OUTCOMES,),
            }
        ),
        middleware=[Gate],
        exception_handlers=EXCEPTION_HANDLERS,
        request_class=ApiRequest,
        response_class=Answer,
        # dcms/web/openapi.py writes a better one from the route table
        openapi_config=None,
        lifespan=[lifespan],
        logging_config=None,
    )
    app.state.routes = route_table(app.routes, API)
    app.state.methods = methods_table(app.routes)
    return Front(app, services)


def _provide(value: Any) -> Provide:
    def provide() -> Any:
        return value

    return Provide(provide, sync_to_thread=False)
