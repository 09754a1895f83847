"""The request as handlers see it."""

from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from litestar import Request
from litestar.connection.base import empty_receive, empty_send
from litestar.datastructures import State
from litestar.types import Receive, Scope, Send
from litestar.types.empty import Empty

from dcms.access.callers import Caller
from dcms.context import Context
from dcms.web.bodies import limits_of, read_body, with_limits
from dcms.web.exchange import Exchange, exchange_of
from dcms.web.pages import PageRequest, page_request
from dcms.web.problems import Unauthenticated


class ApiRequest(Request[Any, Any, State]):
    """A request with its caller, its page and a strictly read body."""

    def __init__(self, scope: Scope, receive: Receive = empty_receive, send: Send = empty_send) -> None:
        super().__init__(scope, receive, send)
        # the query as the gate has read it; Litestar would read the text again
        self._parsed_query = self._connection_state.parsed_query

    async def json(self) -> Any:
        """The body as the struct that the handler declares."""
        if self._json is Empty:
            declared = self.route_handler.parsed_fn_signature.parameters["data"]
            self._json = read_body(await self.body(), _body_type(declared.raw))
        return self._json

    @property
    def exchange(self) -> Exchange:
        """The request as the layers before the handler know it."""
        return exchange_of(self.scope)

    @property
    def context(self) -> Context:
        """For whom and on which terms the request is."""
        return self.exchange.context

    @property
    def caller(self) -> Caller:
        """Who calls; only for routes that ask for a login."""
        caller = self.exchange.context.caller
        if caller is None:
            raise Unauthenticated
        return caller

    def page(self, limit: int, cursor: str | None) -> PageRequest:
        """The page asked for. Raises Invalid for a cursor of another list or of other filters."""
        return page_request(limit, cursor, self.scope["path"], self.exchange.query, self.app.state.cursor_key)


@cache
def _body_type(declared: Any) -> Any:
    """What a handler's `JSONBody[T]`, which is `Annotated[T, …]`, says of the body: T with its limits.

    `T | None` is for a request without a body; `null` is none.
    """
    wanted = declared.__origin__
    if get_origin(wanted) in (Union, UnionType):
        wanted = Union[tuple(each for each in get_args(wanted) if each is not NoneType)]  # noqa: UP007
    return with_limits(wanted, limits_of(declared))
