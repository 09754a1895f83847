"""The home page, for programs as JSON and for people as HTML with a login of its own."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency

from dcms.access.permissions import Permission
from dcms.access.tokens import PAGE_COOKIE
from dcms.auth.repository import AuthRepository
from dcms.auth.structs import Login
from dcms.home.pages import home_page, login_page, style
from dcms.home.repository import HomeRepository
from dcms.home.structs import Home
from dcms.web.answers import wants_page
from dcms.web.bodies import read_body
from dcms.web.problems import Forbidden, Invalid, Problem, TooManyRequests, Unauthenticated
from dcms.web.requests import ApiRequest

LOGIN = "/home/login"
MAX_FORM = 8192
MAX_FIELD = 1000
MAX_FIELDS = 10

_LOOPBACK = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?", re.IGNORECASE)


class HomeController(Controller):
    """The home page."""

    path = "/home"
    tags = ("home",)

    @get("/", permission=Permission.AUTHENTICATED, login_page=LOGIN, produces=("text/html",))
    async def show_home(self, request: ApiRequest, home: NamedDependency[HomeRepository]) -> Home | Response[str]:
        """Show what the caller needs to see first, by role; with `Accept: text/html` as a page."""
        made = await home.home(request.caller)
        if not wants_page(request.headers.get("accept")):
            return made
        return home_page(made, await home.clinic_name(), home.today())

    @get("/login", permission=Permission.PUBLIC, include_in_schema=False)
    async def show_login(self, home: NamedDependency[HomeRepository]) -> Response[str]:
        """Show the form to log in."""
        return login_page(await home.clinic_name())

    @post("/login", permission=Permission.PUBLIC, raw_body=True, max_body=MAX_FORM, include_in_schema=False)
    async def log_in(
        self, request: ApiRequest, auth: NamedDependency[AuthRepository], home: NamedDependency[HomeRepository]
    ) -> Response[str]:
        """Log in by the form, and keep the session in a cookie that scripts and other sites can't use."""
        _refuse_other_sites(request)
        form = _fields(await request.body())
        username, password, who = (form.get(name, "")[:MAX_FIELD] for name in ("username", "password", "who"))
        try:
            # by the rules of the API's login
            login = read_body(msgspec.json.encode({"username": username, "password": password}), Login)
            pair = await auth.login(login, as_patient=who == "patient")
        except (Unauthenticated, TooManyRequests, Invalid) as problem:
            return login_page(await home.clinic_name(), username, who, _words(problem), problem.status)
        value = request.app.state.services.tokens.sign_page(pair.session_id, pair.user.user_id)
        return _see_home(request, value, max_age_s=request.app.state.services.settings.refresh_token_ttl_s)

    @post(
        "/logout",
        permission=Permission.AUTHENTICATED,
        before_password_change=True,
        login_page=LOGIN,
        raw_body=True,
        include_in_schema=False,
    )
    async def log_out(self, request: ApiRequest, auth: NamedDependency[AuthRepository]) -> Response[str]:
        """End the session of the page."""
        _refuse_other_sites(request)
        await auth.logout(request.caller.session_id)
        return _see_home(request, "", max_age_s=0)

    @get("/style.css", permission=Permission.PUBLIC, include_in_schema=False)
    async def get_style(self) -> Response[str]:
        """Give the pages' styles."""
        return style()


def _refuse_other_sites(request: ApiRequest) -> None:
    """A form of another site must not log anybody in or out. Raises Forbidden."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    is_own = site in ("same-origin", "none") if site else origin in (None, "null") or _host(origin) == _host_of(request)
    if not is_own:
        raise Forbidden(detail="The form was sent from another site.")


def _fields(body: bytes) -> dict[str, str]:
    try:
        # of a field that is sent twice the first counts
        return dict(reversed(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=MAX_FIELDS)))
    except ValueError:
        raise Invalid.of("", f"must be a form with at most {MAX_FIELDS} fields") from None


def _host(origin: str | None) -> str | None:
    try:
        return urlsplit(origin or "").netloc
    except ValueError:
        return None


def _host_of(request: ApiRequest) -> str:
    return request.headers.get("host", "")


def _see_home(request: ApiRequest, cookie: str, max_age_s: int) -> Response[Any]:
    """Go to the home page with this cookie; over plain HTTP only on this machine."""
    is_loopback = _LOOPBACK.fullmatch(_host_of(request)) is not None
    value = f"{PAGE_COOKIE}={cookie}; Path=/home; Max-Age={max_age_s}; HttpOnly; SameSite=Strict"
    headers = {"Location": "/home", "Set-Cookie": value if is_loopback else f"{value}; Secure"}
    return Response(None, status_code=303, headers=headers, media_type="text/plain")


def _words(problem: Problem) -> str:
    if isinstance(problem, TooManyRequests):
        return "Too many tries. Wait a quarter of an hour."
    return "The username or the password is wrong."
