"""The shape of the dashboard."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta


class Metrics(msgspec.Struct):
    """What happened from one local day to another, both included."""

    from_: date = msgspec.field(name="from")
    to: date
    # of each status, those that begin in the period
    appointments: Annotated[dict[str, int], Meta(examples=[{"booked": 3, "finished": 12}])]
    utilisation: Annotated[
        float | None,
        Meta(
            description="The time of active appointments over the working time, summed over the doctors; "
            "over 1 when they work longer, null without working time."
        ),
    ]
    no_show_rate: Annotated[
        float, Meta(description="No-shows over all who came, were treated or didn't show up; 0 without any.")
    ]
    new_patients: int
    revenue: Annotated[Decimal, Meta(description="Payments received less what was refunded.")]
    outstanding: Annotated[Decimal, Meta(description="What is still open of the invoices issued in the period.")]
    # of each status, those made in the period
    messages: Annotated[dict[str, int], Meta(examples=[{"delivered": 20, "received": 4}])]
    unreviewed_messages: Annotated[int, Meta(description="Of the messages received in the period.")]
