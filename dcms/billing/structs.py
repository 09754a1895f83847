"""The shapes of invoices and payments."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from dcms.web.bodies import FieldFault
from dcms.web.fields import Day, Id, Instant, Money, Name, Text, not_in_future

InvoiceStatus = Literal["draft", "issued", "paid", "void"]
PaymentMethod = Literal["cash", "card", "transfer", "insurance", "other"]
PositiveMoney = Annotated[
    str,
    Meta(
        pattern=r"^(?=.*[1-9])[0-9]{1,9}(\.[0-9]{1,2})?$",
        description="An amount above zero in the clinic's currency.",
        examples=["120.00"],
    ),
]
TaxRate = Annotated[
    str, Meta(pattern=r"^(100(\.00?)?|[0-9]{1,2}(\.[0-9]{1,2})?)$", description="Percent.", examples=["19.00"])
]

PastInstant = Annotated[
    Instant, Meta(description="A time with its offset, not in the future.", extra={"check": not_in_future})
]

WRITTEN_BY_HAND = ("description", "quantity", "unit_price")


class InvoiceLine(msgspec.Struct):
    """A line of an invoice; `total` is without tax."""

    line_id: int
    treatment_item_id: int | None
    description: str
    quantity: int
    unit_price: Decimal
    discount: Decimal
    tax_rate: Decimal
    total: Decimal


class Invoice(msgspec.Struct):
    """An invoice: a draft may be changed, an issued one never; a void one owes nothing."""

    invoice_id: int
    number: Annotated[str | None, Meta(description="Given when issued.", examples=["2026-000123"])]
    patient_id: int
    status: InvoiceStatus
    issued_on: date | None
    due_on: date | None
    lines: list[InvoiceLine]
    subtotal: Decimal
    tax: Decimal
    total: Decimal
    # what of payments is allocated to it
    paid: Decimal
    balance: Decimal
    created_at: datetime
    updated_at: datetime
    version: int


class NewInvoiceLine(msgspec.Struct, forbid_unknown_fields=True):
    """A done treatment item, which brings its own description and price, or a line written by hand."""

    treatment_item_id: Id | None = None
    description: Text | None = None
    quantity: Annotated[int, Meta(ge=1, le=1000)] | None = None
    unit_price: Money | None = None
    discount: Annotated[Money, Meta(description="An amount off the line, at most all of it.")] = "0.00"
    tax_rate: TaxRate = "0.00"

    @staticmethod
    def faults(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What is there beside a treatment item, or is missing without one."""
        if given.get("treatment_item_id") is None:
            yield from ((name, "is required") for name in WRITTEN_BY_HAND if given.get(name) is None)
        else:
            beside = [name for name in given if name != "treatment_item_id"]
            yield from ((name, "is not possible beside treatment_item_id") for name in beside)

    def __post_init__(self) -> None:
        if self.quantity and self.unit_price and Decimal(self.discount) > self.quantity * Decimal(self.unit_price):
            raise FieldFault("discount", "is more than the line")


NewInvoiceLines = Annotated[list[NewInvoiceLine], Meta(max_length=500)]


class NewInvoice(msgspec.Struct, forbid_unknown_fields=True):
    """An invoice to be, a draft at first."""

    patient_id: Id
    lines: NewInvoiceLines
    due_on: Day | None = None


class InvoiceChanges(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Changes of a draft; lines are replaced as a whole."""

    due_on: Day | None | UnsetType = UNSET
    lines: NewInvoiceLines | UnsetType = UNSET


class Allocation(msgspec.Struct):
    """What of a payment is for an invoice."""

    invoice_id: int
    amount: Decimal


class Payment(msgspec.Struct):
    """A payment. What is neither allocated nor refunded is credit."""

    payment_id: int
    patient_id: int
    amount: Decimal
    method: PaymentMethod
    received_at: datetime
    reference: str | None
    note: str | None
    allocations: list[Allocation]
    # an amount
    refunded: Decimal
    created_at: datetime


class NewAllocation(msgspec.Struct, forbid_unknown_fields=True):
    """What of a payment shall be for an invoice of the same patient."""

    invoice_id: Id
    amount: PositiveMoney


class NewPayment(msgspec.Struct, forbid_unknown_fields=True):
    """A payment that was received. What isn't allocated stays as credit."""

    patient_id: Id
    amount: PositiveMoney
    method: PaymentMethod
    received_at: PastInstant | None = None
    reference: Name | None = None
    note: Text | None = None
    allocations: Annotated[list[NewAllocation], Meta(max_length=200)] = []


class NewAllocations(msgspec.Struct, forbid_unknown_fields=True):
    """What of a payment shall be for which invoices."""

    allocations: Annotated[list[NewAllocation], Meta(min_length=1, max_length=200)]


class NewRefund(msgspec.Struct, forbid_unknown_fields=True):
    """Money to be given back: all that is left if no amount is named."""

    amount: PositiveMoney | None = None
    reason: Text | None = None


class Aging(msgspec.Struct):
    """Open invoices by days past `due_on`, else `issued_on`."""

    current: Decimal
    # 1 to 30, 31 to 60, over 60 days
    d30: Decimal
    d60: Decimal
    d90: Decimal


class Balance(msgspec.Struct):
    """What a patient owes: balance = charges - payments + refunds."""

    charges: Decimal
    payments: Decimal
    refunds: Decimal
    balance: Decimal
    unallocated: Decimal
    aging: Aging
