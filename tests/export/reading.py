"""A client of an export that reads as it likes; httpx's ASGI transport reads to the end."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tests.api import Api

PATH = "/api/v1/patients/export.csv"


async def fill(api: Api, number: int) -> None:
    """Add many patients."""
    await api.owner.execute(
        """
        insert into patient (first_name, last_name, register_number, note, created_at)
        select 'Anna', 'Müller', 'X' || number, '=1+1', now() + make_interval(secs => number)
        from generate_series(1, $1::integer) as number
        """,
        number,
    )


async def connections(api: Api) -> int:
    """How many connections exports have, when they have had a moment to close."""
    count = 0
    for _ in range(100):
        count = await api.owner.fetchval(
            """
            select count(*)
            from pg_stat_activity
            where application_name = 'dcms export' and datname = current_database()
            """
        )
        if count == 0:
            break
        await asyncio.sleep(0.02)
    return count


async def export(api: Api, on_part: Callable[[bytes, asyncio.Event], Awaitable[None]]) -> bool:
    """Ask for the file and take its parts in, with what closes the connection; whether it came to its end."""
    hung_up = asyncio.Event()
    is_complete = False

    async def receive() -> dict[str, Any]:
        await hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        nonlocal is_complete
        if message["type"] == "http.response.body":
            is_complete = not message.get("more_body", False)
            await on_part(message["body"], hung_up)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"authorization", api.admin.headers["authorization"].encode()), (b"host", b"testserver")],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
    }
    await api.app(scope, receive, send)  # type: ignore[arg-type]
    return is_complete
