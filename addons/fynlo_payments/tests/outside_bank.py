"""A provider outside this server whose answers a test decides, and a shop that takes payments with it."""

from dataclasses import replace
from datetime import UTC, datetime
from unittest.mock import patch

from odoo import Command, api
from odoo.addons.fynlo_pos_core.rest.payload import parse
from odoo.addons.fynlo_pos_core.rest.representation import to_json
from odoo.addons.fynlo_pos_core.tests.editing import Editing
from odoo.addons.fynlo_pos_core.tools.clock import now
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7

from ..controllers.payments import PaymentShape
from ..models import notification_handling
from ..providers.connection import Event, ProviderState
from .bank import ScriptedConnection, answer_for_banks

PROVIDER = "open_banking"


class OutsideBank(ScriptedConnection):
    """Says of a leg what ``states`` holds by the leg's id, whether it was asked for the money or not.

    An exception there is raised instead. ``asked`` are the legs that it was asked about.
    """

    def __init__(self, states=None):
        super().__init__()
        self.states, self.asked = states or {}, []

    def fetch(self, leg):
        self.asked.append(leg.uuid)
        said = self.states[leg.uuid]
        if isinstance(said, BaseException):
            raise said
        return said

    find_by_key = fetch

    def cancel(self, leg):
        return ProviderState("cancelled", reference=leg.reference)


class OutsideShop(Editing):
    """Mix into a test class. ``self.bank`` is the provider of all locations."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        bank = cls.env["account.journal"].search([("type", "=", "bank"), ("company_id", "=", cls.company.id)], limit=1)
        method = cls.env["pos.payment.method"].create(
            {"name": "Bank", "fynlo_provider": PROVIDER, "journal_id": bank.id, "company_id": cls.company.id}
        )
        cls.location.payment_method_ids = [Command.link(method.id)]
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.open_till()
        self.bank = OutsideBank()
        answer_for_banks(self, lambda: self.bank)
        self.inbox = self.env["fynlo.payment.notification"]
        self.events_made = 0

    def sent_payment(self, minor=1000, state="captured"):
        """A payment that was sent, and of which the bank says ``state`` when it is asked."""
        order = self.place(self.line(self.menu.pizza))
        wish = parse(PaymentShape, to_json({"id": uuid7(), "method": PROVIDER, "amount": self.gbp(minor)}))
        taken = self.env["fynlo.payment.service"]._take(self.identity(self.cashier), order["id"], wish)
        self.env.flush_all()
        self.env.cr.flush()
        self.say(taken["id"], state, minor)
        return self.env["fynlo.payment"].search([("fynlo_uuid", "=", taken["id"])])

    def say(self, uuid, state, minor=1000, **values):
        captured = minor if state == "captured" else 0
        said = ProviderState(state, f"bank-{uuid}", minor, captured, currency="GBP", **values)
        self.bank.states[uuid] = said
        return said

    def event(self, payment=None, kind="payment_executed", **values):
        """An event of the bank about ``payment``."""
        self.events_made += 1
        made = Event(
            id=f"evt-{self.events_made}",
            kind=kind,
            reference=f"bank-{payment.fynlo_uuid}" if payment else "bank-of-somebody-else",
            leg_uuid=payment.fynlo_uuid if payment else None,
            created_at=datetime.now(UTC),
        )
        return replace(made, **values)

    def receive(self, *events, provider=PROVIDER):
        self.inbox._receive(provider, events)
        return self.inbox.search([("event_id", "in", [event.id for event in events])], order="id")

    def work(self, later_s=0):
        """The worker, with transactions of its own, ``later_s`` seconds from now."""
        self.env.flush_all()
        self.env.cr.flush()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            env = api.Environment(cr, self.env.ref("base.user_root").id, {})
            moment = now()
            with patch.object(notification_handling, "now", lambda: moment + self._span(later_s)):
                env["fynlo.payment.notification"]._cron_handle()
        self.env.invalidate_all()

    def _span(self, seconds):
        return notification_handling.timedelta(seconds=seconds)
