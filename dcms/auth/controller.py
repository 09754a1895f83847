"""The endpoints of logins and sessions."""

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from dcms.access.permissions import Permission
from dcms.auth.repository import AuthRepository
from dcms.auth.structs import Login, Me, Refresh, TokenPair
from dcms.web.requests import ApiRequest


class AuthController(Controller):
    """Logins and sessions."""

    path = "/auth"
    tags = ("auth",)

    @post("/login", permission=Permission.PUBLIC, status_code=200)
    async def login(self, auth: NamedDependency[AuthRepository], data: JSONBody[Login]) -> TokenPair:
        """Log in as staff."""
        return await auth.login(data, as_patient=False)

    @post("/patient/login", permission=Permission.PUBLIC, status_code=200)
    async def login_patient(self, auth: NamedDependency[AuthRepository], data: JSONBody[Login]) -> TokenPair:
        """Log in as a patient."""
        return await auth.login(data, as_patient=True)

    @post("/refresh", permission=Permission.PUBLIC, status_code=200)
    async def refresh(self, auth: NamedDependency[AuthRepository], data: JSONBody[Refresh]) -> TokenPair:
        """Exchange a refresh token for the next pair."""
        return await auth.refresh(data.refresh_token)

    @get("/me", permission=Permission.AUTHENTICATED, before_password_change=True)
    async def get_me(self, request: ApiRequest, auth: NamedDependency[AuthRepository]) -> Me:
        """Show who is logged in."""
        return await auth.me(request.caller)

    @post("/logout", permission=Permission.AUTHENTICATED, before_password_change=True, status_code=204)
    async def logout(self, request: ApiRequest, auth: NamedDependency[AuthRepository]) -> None:
        """End this session."""
        await auth.logout(request.caller.session_id)
