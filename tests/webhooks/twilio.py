"""Posts events as Twilio does: signed on the public URL."""

import asyncio
import hashlib
from collections.abc import Coroutine, Iterable
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec

from dcms.webhooks.signature import signature_of
from tests.api import Api

TOKEN = "12345"
PUBLIC = "https://clinic.example/api/v1"
INBOUND, STATUS, CALL = "/sms/webhook/inbound", "/sms/webhook/status", "/calls/webhook/inbound"


async def post(api: Api, path: str, query: str = "", **fields: str) -> httpx.Response:
    """An event as a form."""
    return await post_by(api.anonymous, path, query, **fields)


async def post_by(client: httpx.AsyncClient, path: str, query: str = "", **fields: str) -> httpx.Response:
    """An event as a form to one of several processes."""
    query = f"?{query}" if query else ""
    signature = signature_of(TOKEN, PUBLIC + path + query, fields.items())
    return await client.post(path + query, data=fields, headers={"X-Twilio-Signature": signature})


async def post_json(api: Api, path: str, fields: Any, *, digest: str | None = None) -> httpx.Response:
    """An event as JSON."""
    body = msgspec.json.encode(fields)
    url = f"{path}?bodySHA256={digest or hashlib.sha256(body).hexdigest()}"
    headers = {"X-Twilio-Signature": signature_of(TOKEN, PUBLIC + url), "Content-Type": "application/json"}
    return await api.anonymous.post(url, content=body, headers=headers)


async def at_once(work: Iterable[Coroutine[Any, Any, None]], most: int = 6) -> None:
    """Do many things at the same time, but no more than the service's pool serves without refusing."""
    room = asyncio.Semaphore(most)

    async def do(one: Coroutine[Any, Any, None]) -> None:
        async with room:
            await one

    await asyncio.gather(*map(do, work))


def form(**fields: str) -> bytes:
    """A form's bytes."""
    return urlencode(fields).encode()
