"""How PostgreSQL's types become Python's, set on each new connection."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol

import asyncpg
import msgspec

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """What knows the clinic's time zone."""

    @property
    def zone(self) -> tzinfo: ...


async def set_codecs(connection: asyncpg.Connection, clock: Clock) -> None:
    """Decode times in the clinic's zone and jsonb through msgspec."""

    def decode_time(value: tuple[int]) -> datetime:
        return (_EPOCH + timedelta(microseconds=value[0])).astimezone(clock.zone)

    def encode_time(value: datetime) -> tuple[int]:
        return ((value - _EPOCH) // timedelta(microseconds=1),)

    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", encoder=encode_time, decoder=decode_time, format="tuple"
    )
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name,
            schema="pg_catalog",
            encoder=lambda value: msgspec.json.encode(value).decode(),
            decoder=msgspec.json.decode,
            format="text",
        )
