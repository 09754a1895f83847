"""A Twilio that takes messages over HTTP on the loopback, and misbehaves when told to."""

import asyncio
import base64
import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import msgspec

ACCOUNT, TOKEN, SENDER = "AC1", "12345", "+4930111"

# What becomes of a request, by the order of arrival: take · take_late · reject · busy (429) · setup (401) ·
# down (503, not taken) · take_and_fail (503, but taken) · hang_up, hang_up_late (not taken) · take_and_hang_up ·
# garbage (taken)
Behaviour = Callable[[int], str]


def always(manner: str) -> Behaviour:
    """Behave the same for ever."""
    return lambda number: manner


def first(*manners: str) -> Behaviour:
    """Behave like this, one after the other, and then well."""
    return lambda number: manners[number] if number < len(manners) else "take"


class FakeTwilio:
    """The part of Twilio's API that is used."""

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or always("take")
        self.taken: list[dict[str, str]] = []
        self.requests = 0
        self.lookups = 0
        self.late_s = 0.3
        self._numbers = itertools.count()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    @property
    def texts(self) -> list[str]:
        """The texts that were taken, in order."""
        return [message["Body"] for message in self.taken]

    def sids(self, sms_id: int) -> list[str]:
        """The ids under which a message was taken."""
        return [each["sid"] for each in self.taken if each["StatusCallback"].endswith(f"?sms_id={sms_id}")]

    async def taking(self, message: dict[str, str]) -> None:
        """What else happens when a message is taken."""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (answer := await self._answer(reader)) is not None:
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes | None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        expected = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if headers.get("authorization") != f"Basic {expected}":
            return _response(401, {"code": 20003})
        if not target.startswith(f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"):
            return _response(404, {"code": 20404})
        if method == "GET":
            self.lookups += 1
            wanted = parse_qs(urlsplit(target).query)["To"][0]
            found = [each for each in reversed(self.taken) if each["To"] == wanted]
            return _response(200, {"messages": [_shown(each) for each in found]})
        fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        return await self._take(fields)

    async def _take(self, fields: dict[str, str]) -> bytes | None:
        self.requests += 1
        manner = self.behaviour(self.requests - 1)
        if manner.startswith(("take", "garbage")):
            fields |= {"sid": f"SM{next(self._numbers):032x}", "date_created": format_datetime(datetime.now(UTC))}
            self.taken.append(fields)
            await self.taking(fields)
        match manner:
            case "take":
                return _response(201, _shown(fields))
            case "take_late":
                await asyncio.sleep(self.late_s)
                return _response(201, _shown(fields))
            case "reject":
                return _response(400, {"code": 21211, "message": "not a valid phone number"})
            case "busy":
                return _response(429, {"code": 20429}, "Retry-After: 1\r\n")
            case "setup":
                return _response(401, {"code": 20003})
            case "down" | "take_and_fail":
                return _response(503, {"code": 20503})
            case "hang_up_late":
                await asyncio.sleep(self.late_s)
            case "garbage":
                return b"HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\nnot JSON."
        return None


def _shown(message: dict[str, str]) -> dict[str, Any]:
    return {"sid": message["sid"], "body": message["Body"], "date_created": message["date_created"], "status": "queued"}


def _response(status: int, content: Any, headers: str = "") -> bytes:
    body = msgspec.json.encode(content)
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body
