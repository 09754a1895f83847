"""The demo's invoices and payments, made as the front desk makes them."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from dcms.access.watch import ClinicFacts
from dcms.billing.payments import PaymentRepository
from dcms.billing.repository import InvoiceRepository
from dcms.billing.structs import Invoice, NewAllocation, NewPayment, PaymentMethod
from dcms.context import Context, current_context
from dcms.database.pool import Database
from dcms.database.queries import queries

SQL = queries("demo")

PATIENTS = 150
METHODS: tuple[PaymentMethod, ...] = ("card", "card", "cash", "transfer", "insurance")


async def make_bills(owner_url: str, rng: random.Random) -> None:
    """Invoice what was done for some patients; most have paid, some in part, a few not at all."""
    database = Database(owner_url, ClinicFacts(), pool_size=1)
    token = current_context.set(Context(request_id="demo"))
    await database.open()
    try:
        invoices, payments = InvoiceRepository(database), PaymentRepository(database)
        for patient_id in await database.all(SQL.treated_patients, int, most=PATIENTS):
            invoice = await invoices.add_from_treatments(patient_id)
            if rng.random() < 0.9:
                invoice = await invoices.issue(invoice.invoice_id)
                await _pay(payments, invoice, rng)
    finally:
        current_context.reset(token)
        await database.close()


async def _pay(payments: PaymentRepository, invoice: Invoice, rng: random.Random) -> None:
    share = rng.choice((Decimal(1), Decimal(1), Decimal(1), Decimal("0.5"), Decimal(0)))
    amount = (invoice.total * share).quantize(Decimal("0.01"))
    if amount > 0:
        method = rng.choice(METHODS)
        allocation = NewAllocation(invoice.invoice_id, str(amount))
        # at the desk, after one of the visits of the last eight weeks
        paid_at = datetime.now(UTC) - timedelta(days=rng.randrange(56), minutes=rng.randrange(240))
        await payments.add(NewPayment(invoice.patient_id, str(amount), method, paid_at, allocations=[allocation]))
