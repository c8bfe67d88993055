"""What happened to a payment, and to the payments of an order: states, ledger, refunds, audit, in order of time.

Nothing is kept for it: every state is an event, every penny a ledger entry, and both stay for good.
"""

import json
from itertools import groupby

from odoo import fields, models

from .ledger_entry import KINDS

#: Events that tell a state of money, with the model whose states they are.
TOLD = {
    "payment.updated": "fynlo.payment",
    "payment.disputed": "fynlo.payment.dispute",
    "refund.updated": "fynlo.refund",
    "pay_link.updated": "fynlo.pay.link",
}


class FynloOutbox(models.Model):
    _inherit = "fynlo.outbox"

    def _title(self):
        """An event of money says the state that was reached."""
        if self.type not in TOLD:
            return super()._title()
        model = self.env[TOLD[self.type]]
        state = json.loads(self.payload).get("state")
        names = dict(model._fields["state"]._description_selection(self.env))
        what = self.env["ir.model"]._get(model._name).sudo().name
        return f"{what}: {names.get(state, state)}" if state else what


def _fact_of(entry):
    return entry.payment_id, entry.kind, entry.refund_id, entry.dispute_id, entry.dispute_version


class FynloPaymentEntry(models.Model):
    _inherit = "fynlo.payment.entry"

    def _facts(self):
        """These entries as facts, oldest first: (kind, moment, its entries); the entries of one add up to 0."""
        ordered = self.sorted("id")
        for _fact, entries in groupby(ordered, key=_fact_of):
            parts = self.browse([entry.id for entry in entries])
            yield parts[0].kind, parts[0].at, parts

    def _in_words(self):
        """``tender:cash +£10.00``, one after the other."""
        return ", ".join(map(FynloPaymentEntry._one_in_words, self))

    def _one_in_words(self):
        amount = self.payment_id.order_id._fynlo_in_words(abs(self.amount))
        return f"{self.account} {'+' if self.amount > 0 else '−'}{amount}"


class FynloPayment(models.Model):
    _name = "fynlo.payment"
    _inherit = ["fynlo.payment", "fynlo.timeline"]

    entry_ids = fields.One2many("fynlo.payment.entry", "payment_id", "Ledger", readonly=True)
    refund_ids = fields.One2many("fynlo.refund", "payment_id", "Refunds", readonly=True)

    def _fynlo_resource_ids(self):
        """With its refunds, its disputes and the link by which the guest paid."""
        mine = [("payment_id", "in", self.ids)]
        kin = ("fynlo.refund", "fynlo.payment.dispute", "fynlo.pay.link")
        found = [uuid for model in kin for uuid in self.env[model].sudo().search(mine).mapped("fynlo_uuid")]
        return super()._fynlo_resource_ids() + found

    def _fynlo_entries(self):
        yield {
            "at": self.create_date,
            "icon": "fa-hand-o-right",
            "what": self.env._("Asked for"),
            "who": self._asked_by(),
            "detail": self.order_id._fynlo_in_words(self._charged()),
        }
        yield from super()._fynlo_entries()
        yield from self._notice_entries()
        yield from self._ledger_entries()

    def _asked_by(self):
        """The employee and the device, as far as they are known."""
        names = (self.sudo().employee_id.name, self.sudo().device_id.name)
        return " · ".join(filter(None, names))

    def _notice_entries(self):
        """What the provider told of it by itself."""
        for notice in self.env["fynlo.payment.notification"].sudo().search([("payment_id", "=", self.id)]):
            yield {
                "at": notice.received_at,
                "icon": "fa-envelope-o",
                "what": self.env._("Provider's notice: %s", notice.kind),
                "who": notice.provider,
                "detail": " · ".join(filter(None, (notice.state, notice.failure_code, notice.event_id))),
            }

    def _ledger_entries(self):
        kinds = dict(KINDS)
        for kind, moment, parts in self.sudo().entry_ids._facts():
            yield {
                "at": moment,
                "icon": "fa-balance-scale",
                "what": self.env._("Ledger: %s", kinds[kind]),
                "detail": parts._in_words(),
            }


class PosOrder(models.Model):
    _inherit = "pos.order"

    def _fynlo_resource_ids(self):
        """With its pay links, and the disputes of its payments."""
        links = self.env["fynlo.pay.link"].sudo().search([("order_id", "in", self.ids)])
        disputes = self.env["fynlo.payment.dispute"].sudo().search([("payment_id.order_id", "in", self.ids)])
        return super()._fynlo_resource_ids() + links.mapped("fynlo_uuid") + disputes.mapped("fynlo_uuid")

    def _fynlo_entries(self):
        """The ledger of an order's payments, and what providers told of them, are part of what happened to it."""
        yield from super()._fynlo_entries()
        for payment in self.sudo().fynlo_payment_ids:
            yield from payment._notice_entries()
            yield from payment._ledger_entries()
