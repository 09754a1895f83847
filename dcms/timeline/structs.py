"""The shape of the timeline."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Kind = Literal["appointment", "treatment", "message", "call", "invoice", "payment"]


class TimelineEntry(msgspec.Struct):
    """One thing that happened."""

    at: Annotated[datetime, Meta(description="What has a date only counts as its local noon.")]
    kind: Kind
    id: Annotated[int, Meta(description="Of the thing itself: an appointment_id, a treatment_id …")]
    title: Annotated[str, Meta(examples=["Payment by card"])]
    detail: Annotated[str | None, Meta(examples=["120.00 EUR"])]
