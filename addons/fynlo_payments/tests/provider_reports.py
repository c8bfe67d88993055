"""A provider's report for tests, and payments that were taken through it."""

from dataclasses import replace
from datetime import UTC, timedelta
from unittest.mock import patch

from odoo.addons.fynlo_pos_core.rest.payload import parse
from odoo.addons.fynlo_pos_core.rest.representation import to_json
from odoo.addons.fynlo_pos_core.tools.clock import now
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7

from ..controllers.payments import PaymentShape
from ..models import settlement_reading
from ..providers.provider import Outcome
from ..providers.settlement import Movement
from .trading_day import TradingDay

TENDER = "stripe"


class Report:
    """Fulfils ``Settlements`` from lists. ``told`` counts movements that were handed over."""

    provider = TENDER
    livemode = False
    takes_platform_fee = True

    def __init__(self, name="acct_test"):
        self.name, self.moved, self.paid_out, self.inside, self.asked = name, [], [], {}, []

    def account(self):
        return self.name

    def movements(self, since, until):
        self.asked.append((since, until))
        yield from (one for one in self.moved if since <= one.at < until)

    def payouts(self, since, until):
        yield from (one for one in self.paid_out if since <= one.at < until)

    def movements_of(self, payout):
        yield from (replace(one, payout=payout) for one in self.inside[payout])


class Reported(TradingDay):
    """An account of the shop's location at a provider; its reports are ``self.report``."""

    tender = TENDER

    def setUp(self):
        super().setUp()
        self.patch(self.registry["ir.cron"], "_commit_progress", lambda cron, *_a, **_v: cron.env.flush_all() or 60.0)
        self.enterContext(patch.object(settlement_reading, "SETTLING", timedelta(0)))
        self.report = Report()
        self.service = self.env["fynlo.reconciliation.service"]
        self.account = self.known(self.location)
        self.day = self.account._calendar().day_of(now())

    def known(self, locations):
        """The account as discovering it would write it, read up to the end of tomorrow."""
        self.patch(
            self.registry["fynlo.settlement.account"],
            "_reports",
            lambda _accounts: [(self.tender, location, self.report) for location in locations],
        )
        ((account, _report),) = self.env["fynlo.settlement.account"]._discover()
        return account

    def taken(self, minor=1300, reference=None, tip=0):
        """A payment that the provider has captured and that is on its order; returns its record."""
        order = self.place(self.line(self.menu.pizza), self.line(self.menu.cola))
        identity = self.identity(self.cashier)
        body = {"id": uuid7(), "method": self.tender, "amount": self.gbp(minor), "tip": self.gbp(tip)}
        wish = parse(PaymentShape, to_json(body))
        service = self.env["fynlo.payment.service"]
        facts = self.env["fynlo.order.service"]._facts(identity)
        locked = self.env["fynlo.order.rows"]._lock(order["id"], facts)
        service._add_tip(locked, facts, wish)
        attempt = service._reserve(locked, identity, facts, wish)
        method = self.location.payment_method_ids.filtered(lambda one: not one.is_cash_count)
        outcome = Outcome("captured", reference=reference or f"pi_{uuid7()}")
        service._apply(attempt, outcome, locked, facts, method.id, identity)
        self.env["fynlo.order.service"]._payment_registered(identity, locked, facts, complete=False)
        self.env.cr.flush()
        return attempt

    def moved(self, payment, **values):
        """The provider's movement of a payment, reported from now on."""
        amount = values.pop("amount", payment.amount + payment.tip)
        fee = values.get("fee", 0)
        standard = {"id": f"txn_{uuid7()}", "kind": "charge", "amount": amount, "net": amount - fee, "currency": "GBP"}
        standard |= {"at": now().replace(tzinfo=UTC), "reference": payment.provider_reference}
        movement = Movement(**standard | values)
        self.report.moved.append(movement)
        return movement

    def read(self, ahead=timedelta(days=1)):  # pylint: disable=method-required-super
        """Read the report and compare the days that are over, as if it were tomorrow."""
        self.env["fynlo.settlement.reading"]._read(self.account, self.report)
        self.account.read_until = now() + ahead
        self.service._match(self.account)
        return self.row()

    def row(self, day=None):
        return self.env["fynlo.reconciliation"].search(
            [("account_id", "=", self.account.id), ("day", "=", day or self.day)]
        )

    def kinds(self, row=None):
        return sorted((row or self.row()).difference_ids.mapped("kind"))
