"""The endpoints of invoices, payments and balances."""

from litestar import Controller, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody

from dcms.access.permissions import Permission
from dcms.billing.payments import PaymentRepository
from dcms.billing.periods import FromMoment, ToMoment
from dcms.billing.repository import InvoiceRepository
from dcms.billing.structs import (
    Balance,
    Invoice,
    InvoiceChanges,
    InvoiceStatus,
    NewAllocations,
    NewInvoice,
    NewPayment,
    NewRefund,
    Payment,
    PaymentMethod,
)
from dcms.web.answers import created
from dcms.web.fields import FromInstant, Id, PathId, ToInstant
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest


class InvoiceController(Controller):
    """Invoices."""

    path = "/invoices"
    tags = ("billing",)

    @get("/", permission=Permission.BILLING_READ, open_to_patients=True, may_be_stale=True)
    async def list_invoices(
        self,
        request: ApiRequest,
        invoices: NamedDependency[InvoiceRepository],
        patient_id: FromQuery[Id | None] = None,
        status: FromQuery[list[InvoiceStatus] | None] = None,
        since: FromMoment = None,
        until: ToMoment = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Invoice]:
        """List invoices, newest first (by creation); to a patient's login his own that have been issued."""
        return await invoices.find(patient_id, status, since, until, request.page(limit, cursor))

    @post("/", permission=Permission.BILLING_WRITE)
    async def add_invoice(
        self, invoices: NamedDependency[InvoiceRepository], data: JSONBody[NewInvoice]
    ) -> Response[Invoice]:
        """Draft an invoice. Its treatment items count as invoiced from now on."""
        invoice = await invoices.add(data)
        return created(invoice, f"/invoices/{invoice.invoice_id}")

    @get("/{invoice_id:int}", permission=Permission.BILLING_READ, open_to_patients=True)
    async def get_invoice(self, invoices: NamedDependency[InvoiceRepository], invoice_id: PathId) -> Invoice:
        """Show one invoice."""
        return await invoices.get(invoice_id)

    @patch("/{invoice_id:int}", permission=Permission.BILLING_WRITE)
    async def update_invoice(
        self, invoices: NamedDependency[InvoiceRepository], invoice_id: PathId, data: JSONBody[InvoiceChanges]
    ) -> Invoice:
        """Change a draft: what is absent stays, null clears, lines are replaced as a whole."""
        return await invoices.update(invoice_id, data)

    @post("/{invoice_id:int}/issue", permission=Permission.BILLING_WRITE, status_code=200)
    async def issue_invoice(self, invoices: NamedDependency[InvoiceRepository], invoice_id: PathId) -> Invoice:
        """Issue a draft: it gets the next number of the clinic's year and never changes again.

        One whose total is nothing is paid at once.
        """
        return await invoices.issue(invoice_id)

    @post("/{invoice_id:int}/void", permission=Permission.BILLING_WRITE, status_code=200)
    async def void_invoice(self, invoices: NamedDependency[InvoiceRepository], invoice_id: PathId) -> Invoice:
        """Void an invoice that has no payments: it keeps its number, owes nothing and sets its treatment items free."""
        return await invoices.void(invoice_id)


class PaymentController(Controller):
    """Payments."""

    path = "/payments"
    tags = ("billing",)

    @get("/", permission=Permission.BILLING_READ, open_to_patients=True, may_be_stale=True)
    async def list_payments(
        self,
        request: ApiRequest,
        payments: NamedDependency[PaymentRepository],
        patient_id: FromQuery[Id | None] = None,
        method: FromQuery[list[PaymentMethod] | None] = None,
        since: FromInstant = None,
        until: ToInstant = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Payment]:
        """List payments, the last received first; to a patient's login his own."""
        return await payments.find(patient_id, method, since, until, request.page(limit, cursor))

    @post("/", permission=Permission.BILLING_WRITE)
    async def add_payment(
        self, payments: NamedDependency[PaymentRepository], data: JSONBody[NewPayment]
    ) -> Response[Payment]:
        """Take a payment, for issued invoices of the same patient or as credit."""
        payment = await payments.add(data)
        return created(payment, f"/payments/{payment.payment_id}")

    @get("/{payment_id:int}", permission=Permission.BILLING_READ, open_to_patients=True)
    async def get_payment(self, payments: NamedDependency[PaymentRepository], payment_id: PathId) -> Payment:
        """Show one payment."""
        return await payments.get(payment_id)

    @post("/{payment_id:int}/allocate", permission=Permission.BILLING_WRITE, status_code=200)
    async def allocate_payment(
        self, payments: NamedDependency[PaymentRepository], payment_id: PathId, data: JSONBody[NewAllocations]
    ) -> Payment:
        """Say which invoices what is unallocated of a payment is for; adds to what is allocated already."""
        return await payments.allocate(payment_id, data.allocations)

    @post("/{payment_id:int}/refund", permission=Permission.BILLING_WRITE, status_code=200)
    async def refund_payment(
        self,
        payments: NamedDependency[PaymentRepository],
        payment_id: PathId,
        data: JSONBody[NewRefund | None] = None,
    ) -> Payment:
        """Give money back: what is unallocated first, then the newest allocations.

        Without an amount it is all that is left; when nothing is left, nothing changes.
        """
        return await payments.refund(payment_id, data or NewRefund())


class PatientBillingController(Controller):
    """What a patient owes, and is to be billed."""

    path = "/patients/{patient_id:int}"
    tags = ("billing",)

    @get("/balance", permission=Permission.BILLING_READ, open_to_patients=True, may_be_stale=True)
    async def get_balance(self, payments: NamedDependency[PaymentRepository], patient_id: PathId) -> Balance:
        """Show what a patient owes: charges - payments + refunds, and how old the open invoices are."""
        return await payments.balance(patient_id)

    @post("/invoices/from_treatments", permission=Permission.BILLING_WRITE)
    async def invoice_treatments(
        self, invoices: NamedDependency[InvoiceRepository], patient_id: PathId
    ) -> Response[Invoice]:
        """Draft an invoice of all that was done for a patient and isn't invoiced yet, the first done first."""
        invoice = await invoices.add_from_treatments(patient_id)
        return created(invoice, f"/invoices/{invoice.invoice_id}")
