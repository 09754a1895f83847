"""Invoices in the database."""

import msgspec
from msgspec import UNSET

from dcms.billing.periods import issued_between
from dcms.billing.structs import Invoice, InvoiceChanges, InvoiceStatus, NewInvoice
from dcms.database.lists import Filter, Ordering, page
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.web.pages import Page, PageRequest
from dcms.web.problems import Refused

SQL = queries("billing")

NEWEST_FIRST = Ordering(("created_at", "invoice_id"), descending=True)


class InvoiceRepository:
    """Reads and writes invoices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, invoice_id: int) -> Invoice:
        """One invoice."""
        return await self._database.one(SQL.get_invoice, Invoice, invoice_id=invoice_id)

    async def find(
        self,
        patient_id: int | None,
        status: list[InvoiceStatus] | None,
        since: str | None,
        until: str | None,
        request: PageRequest,
    ) -> Page[Invoice]:
        """Invoices, newest first."""
        filters = [
            Filter("patient_id", "eq", patient_id),
            Filter("status", "any", status or None),
            *issued_between(since, until),
        ]
        return await page(self._database, SQL.find_invoices, Invoice, filters, NEWEST_FIRST, request)

    async def add(self, new: NewInvoice) -> Invoice:
        """Draft an invoice."""
        async with self._database.transaction():
            invoice_id = await self._database.first(
                SQL.add_invoice,
                int,
                patient_id=new.patient_id,
                due_on=new.due_on,
                lines=msgspec.to_builtins(new.lines),
            )
            if invoice_id is None:
                raise Refused("unknown_reference", "There is no such patient.", field="patient_id")
            return await self.get(invoice_id)

    async def update(self, invoice_id: int, changes: InvoiceChanges) -> Invoice:
        """Change a draft."""
        async with self._database.transaction():
            await self._database.one(SQL.hold_draft, int, invoice_id=invoice_id)
            fields = msgspec.to_builtins(changes)
            lines = fields.pop("lines", None)
            if changes.lines is not UNSET:
                await self._database.execute(SQL.replace_lines, invoice_id=invoice_id, lines=lines, changes=fields)
            elif fields:
                await self._database.execute(SQL.update_invoice, invoice_id=invoice_id, changes=fields)
            return await self.get(invoice_id)

    async def issue(self, invoice_id: int) -> Invoice:
        """Issue a draft: it gets its number."""
        async with self._database.transaction():
            await self._database.execute(SQL.issue_invoice, invoice_id=invoice_id)
            return await self.get(invoice_id)

    async def void(self, invoice_id: int) -> Invoice:
        """Void an invoice."""
        async with self._database.transaction():
            await self._database.execute(SQL.void_invoice, invoice_id=invoice_id)
            return await self.get(invoice_id)
