"""Gift cards and store credit in the back office: the service that tills use, asked in a window."""

import secrets
from dataclasses import dataclass
from datetime import date

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.rest import NotFound
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.addons.fynlo_pos_core.tools.money import to_minor
from odoo.exceptions import UserError

#: No letters and digits that look alike; a code always has a letter, so it never passes for a payment card's number.
LETTERS, FIGURES = "ABCDEFGHJKMNPQRSTVWXYZ", "23456789"
CODE_LENGTH = 16

#: What may be asked for: its name, and the permission that it needs.
ERRANDS = {
    "give": "gift_card.grant",
    "sold": "gift_card.issue",
    "credit": "gift_card.grant",
    "top_up": "gift_card.grant",
    "block": "gift_card.block",
    "unblock": "gift_card.block",
}


@dataclass(frozen=True, slots=True)
class Amount:
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What the service is asked for, in the shape that it knows from tills."""

    id: str
    code: str
    amount: Amount | None
    reason: str
    expires_on: date | None = None
    line_id: str | None = None


class FynloStoredValueService(models.AbstractModel):
    _inherit = "fynlo.stored.value.service"

    @api.model
    def _top_up(self, identity, uuid, wish):
        """Put value on a card or credit that nobody paid for. Raises ``not_found``, ``gift_card_blocked``…"""
        facts = self.env["fynlo.order.service"]._facts(identity)
        self._check_money(facts, wish.amount)
        domain = [("fynlo_uuid", "=", str(uuid)), ("company_id", "=", identity.company_id)]
        card = self._cards().search([*domain, ("currency_id", "=", facts.currency_id)], limit=1)
        if not card:
            raise NotFound(self.env._("There is no such card."))
        card._require_usable(self._today(facts))
        self._fill(card, identity, wish.amount.amount, wish.reason)
        return card._api_values()

    def _unactivated(self, order, digits):
        """The public id of the order's first gift card line of which something is left. Raises ``not_found``."""
        for line in order.lines.filtered("product_id.fynlo_gift_card").sorted("id"):
            if self._left(self._line(line.id), digits) > 0:
                return line.uuid
        raise NotFound(self.env._("The order has no gift card that waits to be activated."))


class FynloStoredValueWindow(models.TransientModel):  # pylint: disable=no-wizard-in-models  # beside its model, as all are
    """Whoever presses the button acts as at a till: permission, ledger, books and audit log are the same."""

    _name = "fynlo.stored.value.window"
    _description = "Gift cards and credit"

    errand = fields.Selection(
        [
            ("give", "Give away a gift card"),
            ("sold", "Activate a gift card that was sold"),
            ("credit", "Give a customer credit"),
            ("top_up", "Put more on a card"),
            ("block", "Block a card"),
            ("unblock", "Let a card be used again"),
        ],
        "What to do",
        required=True,
        default="give",
    )
    config_id = fields.Many2one(
        "pos.config", "Location", required=True, default=lambda self: self.env["pos.config"].search([], limit=1)
    )
    currency_id = fields.Many2one(related="config_id.currency_id")
    company_id = fields.Many2one(related="config_id.company_id")
    card_id = fields.Many2one("fynlo.stored.value", domain="[('company_id', '=', company_id)]")
    order_id = fields.Many2one(
        "pos.order", "Sold with", domain="[('config_id', '=', config_id), ('state', '!=', 'draft')]"
    )
    partner_id = fields.Many2one(
        "res.partner", "Customer", domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]"
    )
    amount = fields.Monetary(help="For a card that was sold: empty is all that it is worth.")
    expires_on = fields.Date(help="The last day it can be spent. Empty: never expires.")
    reason = fields.Char(size=200)

    def action_do(self):
        """Do what was chosen. A new card's code is shown once, and kept nowhere."""
        self.ensure_one()
        for record in (self.config_id, self.card_id, self.order_id, self.partner_id):
            record.check_access("read")
        identity = self.env["fynlo.access"]._at_desk(self.config_id)
        identity.require(ERRANDS[self.errand])
        if self.errand != "sold" and not (self.reason or "").strip():
            raise UserError(self.env._("Say why: the reason is kept on the audit log."))
        return getattr(self, f"_do_{self.errand}")(identity) or {"type": "ir.actions.act_window_close"}

    def _do_give(self, identity):
        wish = self._wish()
        return self._show_code(self._service()._issue(identity, wish), wish.code)

    def _do_sold(self, identity):
        line = self._service()._unactivated(self.order_id.sudo(), self.currency_id.decimal_places)
        wish = self._wish(line_id=line)
        return self._show_code(self._service()._issue(identity, wish), wish.code)

    def _do_credit(self, identity):
        self._service()._grant_credit(identity, self.partner_id.fynlo_uuid, self._wish())

    def _do_top_up(self, identity):
        self._service()._top_up(identity, self.card_id.fynlo_uuid, self._wish())

    def _do_block(self, identity):
        self._service()._block(identity, self.card_id.fynlo_uuid, True, self.reason.strip())

    def _do_unblock(self, identity):
        self._service()._block(identity, self.card_id.fynlo_uuid, False, self.reason.strip())

    def _service(self):
        return self.env["fynlo.stored.value.service"]

    def _wish(self, line_id=None):
        minor = to_minor(self.amount, self.currency_id.decimal_places)
        amount = Amount(minor, self.currency_id.name) if minor or line_id is None else None
        return Wish(uuid7(), new_code(), amount, (self.reason or "").strip(), self.expires_on or None, line_id)

    def _show_code(self, card, code):
        """A window that only shows: nothing in it is ever saved."""
        balance = card["balance"]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("The new card"),
            "res_model": "fynlo.stored.value.code",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_code": code,
                "default_worth": self.config_id.sudo()._fynlo_money_text(balance),
                "default_expires_on": card["expires_on"],
            },
        }


class FynloStoredValueCode(models.TransientModel):  # pylint: disable=no-wizard-in-models  # beside its model, as all are
    """The code of a new card on its way to the guest; its fields have no column."""

    _name = "fynlo.stored.value.code"
    _description = "Code of a new gift card"

    code = fields.Char(store=False)
    worth = fields.Char(store=False)
    expires_on = fields.Date("Expires", store=False)


def new_code():
    """A random code that people can read to each other, as ``K7P4-9QXM-2DTW-6HRA``."""
    drawn = [secrets.choice(LETTERS), secrets.choice(LETTERS)]
    drawn += [secrets.choice(LETTERS + FIGURES) for _ in range(CODE_LENGTH - len(drawn))]
    secrets.SystemRandom().shuffle(drawn)
    text = "".join(drawn)
    return "-".join(text[at : at + 4] for at in range(0, CODE_LENGTH, 4))
