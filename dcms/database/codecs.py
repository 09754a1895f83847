"""How PostgreSQL's types become Python's, set on each new connection."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache, partial
from typing import Any, Protocol

import asyncpg
import msgspec

TIMES_KEPT = 512
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """What knows the clinic's time zone."""

    @property
    def zone(self) -> tzinfo: ...


async def set_codecs(connection: asyncpg.Connection, clock: Clock) -> None:
    """Decode times in the clinic's zone and jsonb through msgspec."""

    def decode_time(value: tuple[int]) -> datetime:
        return _local_time(value[0], clock.zone)

    def encode_time(value: datetime) -> tuple[int]:
        return ((value - _EPOCH) // timedelta(microseconds=1),)

    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", encoder=encode_time, decoder=decode_time, format="tuple"
    )
    # binary, because text is not understood inside of records; jsonb's begins with its version
    for name, version in (("json", b""), ("jsonb", b"\x01")):
        await connection.set_type_codec(
            name,
            schema="pg_catalog",
            encoder=partial(_encode_json, version),
            decoder=partial(_decode_json, len(version)),
            format="binary",
        )


@lru_cache(TIMES_KEPT)
def _local_time(microseconds: int, zone: tzinfo) -> datetime:
    """A time by PostgreSQL's count. A page has four times a row, many of them equal, and the same rows come again."""
    return (_EPOCH + timedelta(microseconds=microseconds)).astimezone(zone)


def _encode_json(version: bytes, value: Any) -> bytes:
    return version + msgspec.json.encode(value)


def _decode_json(start: int, value: bytes) -> Any:
    return msgspec.json.decode(memoryview(value)[start:])


def localize(value: Any, zone: tzinfo) -> Any:
    """The same with its times in a zone: for what came out of the database as JSON."""
    if isinstance(value, datetime):
        return value.astimezone(zone)
    if isinstance(value, list):
        return [localize(item, zone) for item in value]
    if isinstance(value, msgspec.Struct):
        changed = {name: localize(getattr(value, name), zone) for name in value.__struct_fields__}
        return msgspec.structs.replace(value, **changed)
    return value
