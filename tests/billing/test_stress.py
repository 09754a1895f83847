"""Many clients bill at random, all at once: no sum is wrong, no number is missing, and a ledger kept here agrees.

DCMS_TEST_STRESS_S says for how many seconds; DCMS_TEST_SEED repeats a run's choices.
"""

import asyncio
import os
import random
import time
from collections import Counter
from decimal import Decimal
from typing import Any

import httpx

from tests import make
from tests.api import Api

SECONDS = float(os.environ.get("DCMS_TEST_STRESS_S", "4"))
CLIENTS = int(os.environ.get("DCMS_TEST_STRESS_CLIENTS") or 12)
PATIENTS = 3

# each must give no row
INVARIANTS = {
    "an invoice is paid by its allocations": """
        select invoice_id from invoice left join payment_allocation using (invoice_id)
        group by invoice_id having paid <> coalesce(sum(amount), 0)
    """,
    "a payment's sums are those of its rows": """
        select payment_id
        from payment
        cross join lateral (
            select coalesce(sum(a.amount), 0) as given
            from payment_allocation as a
            where a.payment_id = payment.payment_id
        ) as allocations
        cross join lateral (
            select coalesce(sum(r.amount), 0) as taken
            from payment_refund as r
            where r.payment_id = payment.payment_id
        ) as refunds
        where allocated <> given
            or refunded <> taken
            or allocated + refunded > amount
    """,
    "what is allocated is of one patient": """
        select allocation_id
        from payment_allocation
        join payment using (payment_id)
        join invoice using (invoice_id)
        where payment.patient_id <> invoice.patient_id
    """,
    "paid is what owes nothing": """
        select invoice_id from invoice
        where (status = 'paid' and paid <> total)
            or (status = 'issued' and paid >= total)
            or (status in ('draft', 'void') and paid <> 0)
    """,
    "sums are those of the lines": """
        select invoice_id from invoice left join invoice_line as line using (invoice_id)
        group by invoice_id
        having subtotal <> coalesce(sum(line.total), 0)
            or tax <> invoice_tax(array_agg(line.total), array_agg(line.tax_rate))
            or bool_or(is_live <> (status <> 'void'))
    """,
    "numbers have no gap": """
        select number
        from (select number, row_number() over (order by number) as place from invoice) as numbered
        where split_part(number, '-', 2)::integer <> place
    """,
    "only what was issued has a number": """
        select invoice_id from invoice
        where (status in ('issued', 'paid') and number is null)
            or (status = 'draft' and number is not null)
    """,
}


class Ledger:
    """What the answers said, in plain arithmetic."""

    def __init__(self) -> None:
        self.issued: dict[int, tuple[int, Decimal]] = {}
        self.void: set[int] = set()
        self.payments: dict[int, tuple[int, Decimal]] = {}
        self.refunds: Counter[int] = Counter()
        self.answers: Counter[str] = Counter()
        self.drafts: list[int] = []

    def charges(self, patient_id: int) -> Decimal:
        return sum(
            (total for id_, (owner, total) in self.issued.items() if owner == patient_id and id_ not in self.void),
            Decimal(0),
        )

    def received(self, patient_id: int) -> Decimal:
        return sum((amount for owner, amount in self.payments.values() if owner == patient_id), Decimal(0))

    def refunded(self, patient_id: int) -> Decimal:
        cents = sum(cents for id_, cents in self.refunds.items() if self.payments[id_][0] == patient_id)
        return Decimal(cents) / 100


class Clerk:
    """One client: does something random, again and again."""

    def __init__(self, client: httpx.AsyncClient, ledger: Ledger, patients: list[int], seed: str) -> None:
        self.client = client
        self.ledger = ledger
        self.patients = patients
        self.random = random.Random(seed)

    async def work(self, until: float) -> None:
        actions = [
            self.draft,
            self.issue,
            self.issue,
            self.change,
            self.void,
            self.pay,
            self.pay,
            self.allocate,
            self.refund,
        ]
        while time.monotonic() < until:
            await self.random.choice(actions)()

    async def send(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.client.request(method, path, json=body)
        assert answer.status_code in (200, 201, 409, 422), answer.text
        outcome = "done" if answer.is_success else answer.json()["code"]
        self.ledger.answers[f"{path.rpartition('/')[2] if method == 'POST' else method} {outcome}"] += 1
        return answer.json() if answer.is_success else None

    def cents(self, most: int) -> int:
        return self.random.randint(1, most)

    def lines(self) -> list[dict[str, Any]]:
        rates = [self.random.choice(["0", "7", "19", "33.33"]) for _ in range(self.random.randint(0, 3))]
        return [make.line(money(self.cents(2000)), quantity=self.random.randint(1, 3), tax_rate=rate) for rate in rates]

    def allocations(self, patient_id: int) -> list[dict[str, Any]]:
        known = [id_ for id_, (owner, _) in self.ledger.issued.items() if owner == patient_id][-4:]
        chosen = self.random.sample(known, min(len(known), self.random.randint(0, 3)))
        return [{"invoice_id": id_, "amount": money(self.cents(3000))} for id_ in chosen]

    async def draft(self) -> None:
        body = {"patient_id": self.random.choice(self.patients), "lines": self.lines()}
        invoice = await self.send("POST", "/invoices", body)
        self.ledger.drafts.append(invoice["invoice_id"])

    async def change(self) -> None:
        if self.ledger.drafts:
            await self.send(
                "PATCH", f"/invoices/{self.random.choice(self.ledger.drafts[-4:])}", {"lines": self.lines()}
            )

    async def issue(self) -> None:
        if self.ledger.drafts:
            invoice = await self.send("POST", f"/invoices/{self.random.choice(self.ledger.drafts[-4:])}/issue")
            if invoice is not None:
                self.ledger.issued[invoice["invoice_id"]] = (invoice["patient_id"], Decimal(invoice["total"]))

    async def void(self) -> None:
        if self.ledger.drafts:
            invoice = await self.send("POST", f"/invoices/{self.random.choice(self.ledger.drafts[-12:])}/void")
            if invoice is not None:
                self.ledger.void.add(invoice["invoice_id"])

    async def pay(self) -> None:
        patient_id = self.random.choice(self.patients)
        body = {"patient_id": patient_id, "amount": money(self.cents(6000)), "method": "cash"}
        payment = await self.send("POST", "/payments", {**body, "allocations": self.allocations(patient_id)})
        if payment is not None:
            self.ledger.payments[payment["payment_id"]] = (patient_id, Decimal(payment["amount"]))

    async def allocate(self) -> None:
        if self.ledger.payments:
            payment_id = self.random.choice(list(self.ledger.payments)[-6:])
            allocations = self.allocations(self.ledger.payments[payment_id][0])
            if allocations:
                await self.send("POST", f"/payments/{payment_id}/allocate", {"allocations": allocations})

    async def refund(self) -> None:
        if self.ledger.payments:
            payment_id = self.random.choice(list(self.ledger.payments)[-6:])
            cents = self.cents(4000)
            if await self.send("POST", f"/payments/{payment_id}/refund", {"amount": money(cents)}):
                self.ledger.refunds[payment_id] += cents


def money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


async def test_whatever_runs_at_once_every_sum_and_number_is_right(api: Api) -> None:
    seed = os.environ.get("DCMS_TEST_SEED") or str(random.randrange(10**6))
    patients = [(await make.patient(api))["patient_id"] for _ in range(PATIENTS)]
    ledger = Ledger()
    until = time.monotonic() + SECONDS

    await asyncio.gather(
        *(Clerk(api.receptionist, ledger, patients, f"{seed} {number}").work(until) for number in range(CLIENTS))
    )

    for name, statement in INVARIANTS.items():
        assert await api.owner.fetch(statement) == [], f"{name} (DCMS_TEST_SEED={seed})"
    for patient_id in patients:
        balance = (await api.receptionist.get(f"/patients/{patient_id}/balance")).json()
        charges, received, refunded = (each(patient_id) for each in (ledger.charges, ledger.received, ledger.refunded))
        assert [Decimal(balance[name]) for name in ("charges", "payments", "refunds", "balance")] == [
            charges,
            received,
            refunded,
            charges - received + refunded,
        ], f"DCMS_TEST_SEED={seed}"
        assert sum(map(Decimal, balance["aging"].values())) - Decimal(balance["unallocated"]) == Decimal(
            balance["balance"]
        )
    done = {name.removesuffix(" done") for name in ledger.answers if name.endswith(" done")}
    assert done == {"invoices", "PATCH", "issue", "void", "payments", "allocate", "refund"}, ledger.answers
