"""Invoices in the database."""

from datetime import date
from typing import Any

import msgspec
from msgspec import UNSET

from dcms.billing.periods import issued_between
from dcms.billing.structs import Invoice, InvoiceChanges, InvoiceStatus, NewInvoice, NewInvoiceLine
from dcms.database.lists import Filter, Ordering, page, words
from dcms.database.pool import Database, on_constraint
from dcms.database.queries import queries
from dcms.web.pages import Page, PageRequest
from dcms.web.problems import Conflict, Refused

SQL = queries("billing")

INVOICED_TWICE = Conflict("duplicate", "A treatment item is there twice.", field="lines")
NEWEST_FIRST = Ordering(("created_at", "invoice_id"), descending=True)


class InvoiceRepository:
    """Reads and writes invoices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, invoice_id: int) -> Invoice:
        """One invoice."""
        return await self._database.get(SQL.get_invoice, Invoice, invoice_id=invoice_id)

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
            words("status", status or None),
            *issued_between(since, until),
        ]
        return await page(self._database, SQL.find_invoices, Invoice, filters, NEWEST_FIRST, request)

    async def add(self, new: NewInvoice) -> Invoice:
        """Draft an invoice."""
        async with self._database.transaction():
            await self._hold_items(new.lines)
            invoice_id = await self._add(new.patient_id, new.due_on, msgspec.to_builtins(new.lines))
            if invoice_id is None:
                raise Refused("unknown_reference", "There is no such patient.", field="patient_id")
            return await self.get(invoice_id)

    async def add_from_treatments(self, patient_id: int) -> Invoice:
        """Draft an invoice of all that was done for a patient and isn't invoiced yet."""
        async with self._database.transaction():
            await self._database.one(SQL.hold_patient, int, patient_id=patient_id)
            await self._database.execute(SQL.hold_done_items, patient_id=patient_id)
            items = await self._database.all(SQL.uninvoiced_items, int, patient_id=patient_id)
            if not items:
                raise Conflict("nothing_to_invoice")
            invoice_id = await self._add(patient_id, None, [{"treatment_item_id": item} for item in items])
            assert invoice_id is not None
            return await self.get(invoice_id)

    async def update(self, invoice_id: int, changes: InvoiceChanges) -> Invoice:
        """Change a draft."""
        fields = msgspec.to_builtins(changes)
        lines = fields.pop("lines", None)
        async with self._database.transaction():
            await self._database.one(SQL.hold_draft, int, invoice_id=invoice_id)
            if changes.lines is not UNSET:
                await self._hold_items(changes.lines)
                with on_constraint("invoice_line_item_unique", INVOICED_TWICE):
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

    async def _add(self, patient_id: int, due_on: date | None, lines: list[dict[str, Any]]) -> int | None:
        with on_constraint("invoice_line_item_unique", INVOICED_TWICE):
            return await self._database.first(SQL.add_invoice, int, patient_id=patient_id, due_on=due_on, lines=lines)

    async def _hold_items(self, lines: list[NewInvoiceLine]) -> None:
        items = [line.treatment_item_id for line in lines if line.treatment_item_id is not None]
        if items:
            await self._database.execute(SQL.hold_items, treatment_item_ids=items)
