"""From a request's headers to its caller."""

from dcms.access.callers import Caller
from dcms.access.tokens import PAGE_COOKIE, Tokens
from dcms.access.watch import Watch
from dcms.web.problems import Unauthenticated


class Authenticator:
    """Reads the access token, and what has changed since it was signed."""

    def __init__(self, tokens: Tokens, watch: Watch) -> None:
        self._tokens = tokens
        self._watch = watch

    async def caller(self, authorization: bytes | None) -> Caller:
        """Who calls. Raises Unauthenticated without a token that counts."""
        scheme, _, token = (authorization or b"").decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("Send an access token: Authorization: Bearer …")
        return await self._watch.check(self._tokens.read_access(token.strip()))

    async def caller_now(self, caller: Caller) -> Caller:
        """The caller as the database has him, for a refusal that may be old news."""
        return await self._watch.ask(caller)

    async def catch_up(self) -> None:
        """Take in at once what a request of this process has changed."""
        await self._watch.refresh()

    async def page_caller(self, cookies: bytes | None) -> Caller:
        """Who looks at a page. Raises Unauthenticated without a cookie of a session that lives."""
        # not by http.cookies: whatever is wrong with another site's cookie is no fault of this one
        pairs = (pair.strip().partition("=") for pair in (cookies or b"").decode("latin-1").split(";"))
        value = next((value for name, _, value in pairs if name == PAGE_COOKIE), None)
        if value is None:
            raise Unauthenticated
        return await self._watch.ask(self._tokens.read_page(value))
