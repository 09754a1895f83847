"""Access tokens: short-lived JWTs signed with the first key, verified with any, and remembered until they end.

Refresh tokens are derived from the session and its counter with a server key, so none is ever stored.
"""

import base64
import hmac
import time
from collections import OrderedDict
from typing import Any

import jwt
import msgspec

from dcms.access.callers import Caller
from dcms.access.permissions import Role, permissions_of
from dcms.web.problems import Unauthenticated

ALGORITHM = "HS256"
ISSUER = "dcms"
MAX_TOKEN_LENGTH = 4096
CACHE_SIZE = 10_000
# how long a session as another user lasts, and its one access token with it
IMPERSONATION_S = 900
# what keeps a session of the home page
PAGE_COOKIE = "dcms_page"


class RefreshToken(msgspec.Struct, frozen=True):
    """What a refresh token says."""

    session_id: int
    counter: int


class Tokens:
    """Signs and reads tokens with the keys of the settings."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        self._keys = keys
        self._kid = next(iter(keys))
        self._read: OrderedDict[str, Caller] = OrderedDict()

    def derive_key(self, purpose: bytes) -> bytes:
        """A key for another purpose, from the key that signs."""
        return self.derive_keys(purpose)[0]

    def derive_keys(self, purpose: bytes) -> list[bytes]:
        """Keys for another purpose, from each key: that of the key that signs is the first."""
        return [hmac.digest(key, b"dcms " + purpose, "sha256") for key in self._keys.values()]

    def sign_access(self, caller: Caller, issued_at: float) -> str:
        """The access token of a caller, until `caller.expires_at`."""
        claims = {
            "iss": ISSUER,
            "sub": str(caller.user_id),
            "sid": caller.session_id,
            "roles": sorted(caller.roles),
            "pid": caller.patient_id,
            "eid": caller.employee_id,
            "imp": caller.impersonator_id,
            "mcp": caller.must_change_password,
            "iat": int(issued_at),
            "exp": int(caller.expires_at),
        }
        return jwt.encode(claims, self._keys[self._kid], algorithm=ALGORITHM, headers={"kid": self._kid})

    def read_access(self, token: str) -> Caller:
        """Who a token speaks for. Raises Unauthenticated for one that is wrong or over."""
        caller = self._read.get(token)
        if caller is None:
            caller = self._verify(token)
            self._read[token] = caller
            if len(self._read) > CACHE_SIZE:
                self._read.popitem(last=False)
        if caller.expires_at <= time.time():
            raise Unauthenticated("The access token is over: refresh it.")
        return caller

    def _verify(self, token: str) -> Caller:
        if len(token) > MAX_TOKEN_LENGTH:
            raise Unauthenticated
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                # another worker's clock may be ahead of this one's
                options={"require": ["exp", "iat", "sub", "sid"], "verify_iat": False},
            )
            roles = frozenset(Role(role) for role in claims["roles"])
            return Caller(
                user_id=int(claims["sub"]),
                session_id=int(claims["sid"]),
                roles=roles,
                permissions=permissions_of(roles),
                patient_id=claims["pid"],
                employee_id=claims["eid"],
                impersonator_id=claims["imp"],
                must_change_password=claims["mcp"],
                expires_at=float(claims["exp"]),
            )
        except (jwt.PyJWTError, KeyError, TypeError, ValueError, RecursionError):
            raise Unauthenticated("The access token is not valid.") from None

    def sign_refresh(self, session_id: int, counter: int) -> str:
        """The refresh token of a session's counter: always the same for the same two."""
        return self._sign_pair(b"refresh", self._kid, session_id, counter)

    def read_refresh(self, token: str) -> RefreshToken:
        """What a refresh token says. Raises Unauthenticated for one that this server did not make."""
        return RefreshToken(*self._read_pair(b"refresh", token, "The refresh token is not valid."))

    def sign_page(self, session_id: int, user_id: int) -> str:
        """The value of the home page's cookie: no access token, and none can be made of it."""
        return self._sign_pair(b"page", self._kid, session_id, user_id)

    def read_page(self, value: str) -> Caller:
        """Whose session a cookie keeps; the database knows the rest. Raises Unauthenticated for one that is wrong."""
        session_id, user_id = self._read_pair(b"page", value, None)
        nothing: frozenset[Any] = frozenset()
        return Caller(user_id=user_id, session_id=session_id, roles=nothing, permissions=nothing)

    def _sign_pair(self, purpose: bytes, kid: str, session_id: int, number: int) -> str:
        """Two numbers that only this server can have put together, for one purpose."""
        said = f"{kid}.{session_id}.{number}"
        mac = hmac.digest(self._keys[kid], b"dcms " + purpose + b" " + said.encode(), "sha256")
        return f"{said}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"

    def _read_pair(self, purpose: bytes, token: str, fault: str | None) -> tuple[int, int]:
        try:
            kid, session_id, number, _ = token.rsplit(".", 3)
            pair = int(session_id), int(number)
            expected = self._sign_pair(purpose, kid, *pair)
        except (KeyError, ValueError):
            raise Unauthenticated(fault) from None
        if not hmac.compare_digest(token.encode(), expected.encode()):
            raise Unauthenticated(fault)
        return pair
