"""Idempotency keys: an answer is kept in the transaction of its effect, and given again to the same request."""

import hmac
from collections.abc import Sequence

import msgspec
from litestar.types import HTTPScope, Message, Send

from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.web.problems import Conflict, Invalid, Refused

SQL = queries("idempotency")

MAX_KEY_LENGTH = 255
KEPT_HEADERS = (b"content-type", b"location", b"etag")


class KeptAnswer(msgspec.Struct):
    """What the database says of an idempotency key."""

    outcome: str
    status: int | None
    headers: list[list[str]] | None
    body: bytes | None


class BufferedAnswer:
    """An answer held back until its transaction is committed."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def send(self, message: Message) -> None:
        """Keep a message."""
        self.messages.append(message)

    @property
    def status(self) -> int:
        """The status, 0 before there is one."""
        return next((m["status"] for m in self.messages if m["type"] == "http.response.start"), 0)

    @property
    def headers(self) -> list[list[str]]:
        """The headers that a replay repeats."""
        return [
            [name.decode(), value.decode()]
            for message in self.messages
            if message["type"] == "http.response.start"
            for name, value in message["headers"]
            if name in KEPT_HEADERS
        ]

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(m.get("body", b"") for m in self.messages if m["type"] == "http.response.body")

    async def deliver(self, send: Send) -> None:
        """Send what was kept."""
        for message in self.messages:
            await send(message)


class Claim:
    """One request's hold on its key, inside a transaction. Raises Invalid for what is no key."""

    def __init__(self, database: Database, user_id: int, key: bytes, fingerprints: Sequence[bytes]) -> None:
        if not 1 <= len(key) <= MAX_KEY_LENGTH or any(not 0x21 <= byte <= 0x7E for byte in key):
            raise Invalid.of("Idempotency-Key", f"must be 1 to {MAX_KEY_LENGTH} visible ASCII characters")
        self._database = database
        self._user_id = user_id
        self._key = key.decode()
        self._fingerprints = fingerprints

    async def replay(self, send: Send) -> bool:
        """Take the key, or give its kept answer; raises Refused for another request's, Conflict for one that runs."""
        kept = await self._taken()
        if kept.outcome == "new":
            return False
        if kept.outcome == "mismatch":
            raise Refused("idempotency_mismatch")
        if kept.outcome == "in_progress":
            raise Conflict("idempotency_in_progress")
        headers = [(name.encode(), value.encode()) for name, value in kept.headers or ()]
        headers += [(b"idempotency-replayed", b"true"), (b"content-length", str(len(kept.body or b"")).encode())]
        await send({"type": "http.response.start", "status": kept.status or 200, "headers": headers})
        await send({"type": "http.response.body", "body": kept.body or b"", "more_body": False})
        return True

    async def keep(self, answer: BufferedAnswer) -> None:
        """Keep an answer beside its effect."""
        await self._database.execute(
            SQL.keep,
            user_id=self._user_id,
            key=self._key,
            fingerprint=self._fingerprints[0],
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
        )

    async def _taken(self) -> KeptAnswer:
        kept = await self._ask(self._fingerprints[0])
        # what was kept before the keys of the settings changed has the fingerprint of a former one
        for former in self._fingerprints[1:]:
            if kept.outcome == "mismatch":
                kept = await self._ask(former)
        return kept

    async def _ask(self, fingerprint: bytes) -> KeptAnswer:
        return await self._database.one(
            SQL.claim, KeptAnswer, user_id=self._user_id, key=self._key, fingerprint=fingerprint
        )


def fingerprints(secrets: Sequence[bytes], scope: HTTPScope, body: bytes) -> list[bytes]:
    """What tells a request from others: a MAC with each of the secrets, as a mere digest would give passwords away."""
    parts = (scope["method"].encode(), scope["path"].encode(), scope["query_string"], body)
    said = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return [hmac.digest(secret, said, "sha256") for secret in secrets]
