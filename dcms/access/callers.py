"""The caller of a request, as his token and what changed since make him."""

import msgspec

from dcms.access.permissions import Permission, Role, permissions_of

# the patient of a patient's login that is linked to none: nobody's
NOBODY = 0


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A logged-in user in one session."""

    user_id: int
    session_id: int
    roles: frozenset[Role]
    permissions: frozenset[Permission]
    patient_id: int | None = None
    employee_id: int | None = None
    impersonator_id: int | None = None
    must_change_password: bool = False
    # when the access token ends, in seconds since the epoch
    expires_at: float = 0.0

    @property
    def own_patient_id(self) -> int | None:
        """The one patient whose rows this caller may see; None for staff, who may see all."""
        return (self.patient_id or NOBODY) if Role.PATIENT in self.roles else None

    def may(self, permission: Permission) -> bool:
        """Whether the caller holds a permission."""
        return permission in self.permissions

    def with_access(
        self, roles: frozenset[Role], patient_id: int | None, employee_id: int | None, must_change_password: bool
    ) -> "Caller":
        """The same caller with what an admin has changed since the token was signed."""
        return msgspec.structs.replace(
            self,
            roles=roles,
            permissions=permissions_of(roles),
            patient_id=patient_id,
            employee_id=employee_id,
            must_change_password=must_change_password,
        )
