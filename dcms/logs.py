"""Structured logs, one line each, without patients' data."""

import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict, WrappedLogger

from dcms.settings import Settings

MAX_FRAMES = 20
_encoder = msgspec.json.Encoder(enc_hook=repr)


def configure_logs(settings: Settings) -> None:
    """Log as the settings say, for this process."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    processors: list[Any]
    factory: Any
    if settings.log_format == "json":
        processors = [name_the_error, as_json]
        factory = structlog.BytesLoggerFactory(sys.stderr.buffer)
    else:
        processors = [
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            name_the_error,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ]
        factory = structlog.WriteLoggerFactory(sys.stderr)
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=max(level, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )


def as_json(_logger: WrappedLogger, method: str, event: EventDict) -> bytes:
    """The line, with its level and time: in one step, as there is one for each request."""
    event["level"] = method
    event["timestamp"] = datetime.now(UTC)
    return _encoder.encode(event)


def name_the_error(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace an exception by its type and where it was raised.

    Its message may quote a row (PostgreSQL's DETAIL does), and its locals hold bodies: neither is written.
    """
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["error"] = type(error).__qualname__
        event["sqlstate"] = getattr(error, "sqlstate", None)
        frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
        event["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return event
