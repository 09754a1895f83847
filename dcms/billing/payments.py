"""Payments in the database."""

from datetime import datetime

import msgspec

from dcms.billing.structs import Balance, NewAllocation, NewPayment, NewRefund, Payment, PaymentMethod
from dcms.database.lists import Filter, Ordering, page, words
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.web.pages import Page, PageRequest
from dcms.web.problems import Refused

SQL = queries("billing")

NEWEST_FIRST = Ordering(("received_at", "payment_id"), descending=True)


class PaymentRepository:
    """Reads and writes payments."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, payment_id: int) -> Payment:
        """One payment."""
        return await self._database.get(SQL.get_payment, Payment, payment_id=payment_id)

    async def find(
        self,
        patient_id: int | None,
        method: list[PaymentMethod] | None,
        since: datetime | None,
        until: datetime | None,
        request: PageRequest,
    ) -> Page[Payment]:
        """Payments, the last received first."""
        filters = [
            Filter("patient_id", "eq", patient_id),
            words("method", method or None),
            Filter("received_at", "gte", since),
            Filter("received_at", "lt", until),
        ]
        return await page(self._database, SQL.find_payments, Payment, filters, NEWEST_FIRST, request)

    async def add(self, new: NewPayment) -> Payment:
        """Take a payment, and say what it is for."""
        payment = msgspec.to_builtins(new)
        del payment["allocations"]
        async with self._database.transaction():
            payment_id = await self._database.first(SQL.add_payment, int, patient_id=new.patient_id, payment=payment)
            if payment_id is None:
                raise Refused("unknown_reference", "There is no such patient.", field="patient_id")
            await self._allocate(payment_id, new.allocations)
            return await self.get(payment_id)

    async def allocate(self, payment_id: int, allocations: list[NewAllocation]) -> Payment:
        """Say what more of a payment is for."""
        async with self._database.transaction():
            await self._database.one(SQL.hold_payment, int, payment_id=payment_id)
            await self._allocate(payment_id, allocations)
            return await self.get(payment_id)

    async def refund(self, payment_id: int, refund: NewRefund) -> Payment:
        """Give money back."""
        async with self._database.transaction():
            await self._database.execute(SQL.refund, payment_id=payment_id, amount=refund.amount, reason=refund.reason)
            return await self.get(payment_id)

    async def balance(self, patient_id: int) -> Balance:
        """What a patient owes."""
        return await self._database.one(SQL.balance, Balance, patient_id=patient_id)

    async def _allocate(self, payment_id: int, allocations: list[NewAllocation]) -> None:
        if allocations:
            ids = [allocation.invoice_id for allocation in allocations]
            await self._database.execute(SQL.hold_invoices, invoice_ids=ids)
            await self._database.execute(
                SQL.allocate, payment_id=payment_id, allocations=msgspec.to_builtins(allocations)
            )
