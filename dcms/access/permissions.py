"""Roles and what each may do: the table of the contract, and nothing else decides."""

from enum import StrEnum


class Role(StrEnum):
    """What a user is. Staff may hold several; `patient` stands alone."""

    ADMIN = "admin"
    MANAGER = "manager"
    DOCTOR = "doctor"
    ASSISTANT = "assistant"
    RECEPTIONIST = "receptionist"
    PATIENT = "patient"


class Permission(StrEnum):
    """What a route asks of its caller."""

    # no login at all
    PUBLIC = "public"
    # any login
    AUTHENTICATED = "authenticated"
    CLINIC_READ = "clinic.read"
    CLINIC_WRITE = "clinic.write"
    USERS_READ = "users.read"
    USERS_WRITE = "users.write"
    USERS_IMPERSONATE = "users.impersonate"
    SESSIONS_ADMIN = "sessions.admin"
    PATIENTS_READ = "patients.read"
    PATIENTS_WRITE = "patients.write"
    PATIENTS_MERGE = "patients.merge"
    PATIENTS_EXPORT = "patients.export"
    MESSAGES_READ = "messages.read"
    MESSAGES_WRITE = "messages.write"
    CALLS_READ = "calls.read"
    CALLS_WRITE = "calls.write"
    STAFF_READ = "staff.read"
    STAFF_WRITE = "staff.write"
    SERVICES_READ = "services.read"
    SERVICES_WRITE = "services.write"
    SCHEDULE_READ = "schedule.read"
    SCHEDULE_WRITE = "schedule.write"
    # book outside hours, over another appointment, reopen
    SCHEDULE_OVERRIDE = "schedule.override"
    TREATMENTS_READ = "treatments.read"
    TREATMENTS_WRITE = "treatments.write"
    TEETH_WRITE = "teeth.write"
    BILLING_READ = "billing.read"
    BILLING_WRITE = "billing.write"
    DASHBOARD_READ = "dashboard.read"
    AUDIT_READ = "audit.read"


_A, _M, _D, _S, _R, _P = Role.ADMIN, Role.MANAGER, Role.DOCTOR, Role.ASSISTANT, Role.RECEPTIONIST, Role.PATIENT

# A patient's permissions reach his own record only, and only the routes marked `open_to_patients`.
HOLDERS: dict[Permission, frozenset[Role]] = {
    Permission.CLINIC_READ: frozenset({_A, _M, _D, _S, _R, _P}),
    Permission.CLINIC_WRITE: frozenset({_A, _M}),
    Permission.USERS_READ: frozenset({_A, _M}),
    Permission.USERS_WRITE: frozenset({_A, _M}),
    Permission.USERS_IMPERSONATE: frozenset({_A}),
    Permission.SESSIONS_ADMIN: frozenset({_A}),
    Permission.PATIENTS_READ: frozenset({_A, _M, _D, _S, _R, _P}),
    Permission.PATIENTS_WRITE: frozenset({_A, _M, _D, _R}),
    Permission.PATIENTS_MERGE: frozenset({_A, _M}),
    Permission.PATIENTS_EXPORT: frozenset({_A}),
    Permission.MESSAGES_READ: frozenset({_A, _M, _D, _S, _R}),
    Permission.MESSAGES_WRITE: frozenset({_A, _M, _R}),
    Permission.CALLS_READ: frozenset({_A, _M, _D, _S, _R}),
    Permission.CALLS_WRITE: frozenset({_A, _M, _R}),
    Permission.STAFF_READ: frozenset({_A, _M, _D, _S, _R}),
    Permission.STAFF_WRITE: frozenset({_A, _M}),
    Permission.SERVICES_READ: frozenset({_A, _M, _D, _S, _R, _P}),
    Permission.SERVICES_WRITE: frozenset({_A, _M}),
    Permission.SCHEDULE_READ: frozenset({_A, _M, _D, _S, _R, _P}),
    Permission.SCHEDULE_WRITE: frozenset({_A, _M, _D, _R}),
    Permission.SCHEDULE_OVERRIDE: frozenset({_A, _M, _D}),
    Permission.TREATMENTS_READ: frozenset({_A, _M, _D, _S, _R, _P}),
    Permission.TREATMENTS_WRITE: frozenset({_A, _D, _S}),
    Permission.TEETH_WRITE: frozenset({_A}),
    Permission.BILLING_READ: frozenset({_A, _M, _D, _R, _P}),
    Permission.BILLING_WRITE: frozenset({_A, _M, _R}),
    Permission.DASHBOARD_READ: frozenset({_A, _M, _D, _R}),
    Permission.AUDIT_READ: frozenset({_A}),
}

TITLES: dict[Role, str] = {
    Role.ADMIN: "Administrator",
    Role.MANAGER: "Manager",
    Role.DOCTOR: "Dentist",
    Role.ASSISTANT: "Dental assistant",
    Role.RECEPTIONIST: "Receptionist",
    Role.PATIENT: "Patient",
}


def permissions_of(roles: frozenset[Role]) -> frozenset[Permission]:
    """What users with these roles may do."""
    return frozenset(permission for permission, holders in HOLDERS.items() if holders & roles)
