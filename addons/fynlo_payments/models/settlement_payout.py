"""Payouts: what a provider sent to the restaurant's bank, and whether the movements in it add up to it."""

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.tools.clock import naive_utc
from odoo.addons.fynlo_pos_core.tools.money import to_major

from ..providers.settlement import PAYOUT_STATES


class FynloPayout(models.Model):
    _name = "fynlo.payout"
    _description = "Payout"
    _order = "arrives_on desc, id desc"
    _rec_name = "external_id"

    account_id = fields.Many2one(
        "fynlo.settlement.account", required=True, readonly=True, index=True, ondelete="restrict"
    )
    external_id = fields.Char("Payout", required=True, readonly=True)
    provider = fields.Char(related="account_id.provider", store=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="restrict")
    config_id = fields.Many2one("pos.config", "Location", readonly=True, ondelete="restrict")
    currency_id = fields.Many2one("res.currency", required=True, readonly=True, ondelete="restrict")
    amount = fields.Integer("Amount (minor units)", required=True, readonly=True)
    state = fields.Selection(
        [(state, state.replace("_", " ").capitalize()) for state in PAYOUT_STATES], required=True, readonly=True
    )
    made_at = fields.Datetime("Made", required=True, readonly=True)
    arrives_on = fields.Date("Arrives", required=True, readonly=True)
    itemised = fields.Boolean(readonly=True, help="The provider tells which movements are in it.")
    movements_read = fields.Boolean("Movements read", readonly=True)
    movement_ids = fields.One2many("fynlo.settlement.movement", "payout_id", "Movements", readonly=True)
    moved = fields.Integer("Movements add up to (minor units)", compute="_compute_moved", store=True)
    verdict = fields.Selection(
        [("waiting", "Not read yet"), ("sum", "Not itemised"), ("exact", "Adds up"), ("differs", "Differs")],
        "Check",
        compute="_compute_moved",
        store=True,
    )
    amount_shown = fields.Monetary("Amount", compute="_compute_shown")
    moved_shown = fields.Monetary("Movements add up to", compute="_compute_shown")

    _payout_unique = models.UniqueIndex("(account_id, external_id)", "This payout is known already.")

    @api.depends("movement_ids.net", "amount", "itemised", "movements_read")
    def _compute_moved(self):
        for payout in self:
            payout.moved = sum(payout.movement_ids.mapped("net"))
            if not payout.itemised:
                payout.verdict = "sum"
            elif not payout.movements_read:
                payout.verdict = "waiting"
            else:
                payout.verdict = "exact" if payout.moved == payout.amount else "differs"

    @api.depends("amount", "moved", "currency_id")
    def _compute_shown(self):
        for payout in self:
            digits = payout.currency_id.decimal_places
            payout.amount_shown = to_major(payout.amount, digits)
            payout.moved_shown = to_major(payout.moved, digits)

    @api.model
    def _keep(self, account, told):
        """The record of a payout as it was told now. Its movements are read once more after a change."""
        payout = self.search([("account_id", "=", account.id), ("external_id", "=", told.id)])
        values = {"amount": told.amount, "state": told.state, "arrives_on": told.arrives_on, "itemised": told.itemised}
        if payout:
            changed = {name: value for name, value in values.items() if payout[name] != value}
            payout.write(changed | ({"movements_read": False} if changed else {}))
            return payout
        return self.create(
            {
                **values,
                "account_id": account.id,
                "external_id": told.id,
                "company_id": account.company_id.id,
                "config_id": account.config_id.id,
                "currency_id": self.env["fynlo.settlement.movement"]._currencies()[told.currency],
                "made_at": naive_utc(told.at),
            }
        )

    def _hold(self, movements):
        """Say which movements are in the payout; the account knows them already."""
        kept = self.env["fynlo.settlement.movement"].search(
            [("account_id", "=", self.account_id.id), ("external_id", "in", [one.id for one in movements])]
        )
        (self.movement_ids - kept).write({"payout_id": False})
        kept.write({"payout_id": self.id})
        self.movements_read = True
