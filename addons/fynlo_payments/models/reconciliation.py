"""Days of accounts: what the provider reports, what the ledger holds and what the orders show, side by side."""

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.models.system.transition import require_transition
from odoo.addons.fynlo_pos_core.tools.clock import now
from odoo.addons.fynlo_pos_core.tools.money import to_major

from .reconciliation_states import RECONCILIATION_STATES

#: What a row is about.
KEY = ("provider", "account", "livemode", "day", "company_id")
SHOWN = ("provider_amount", "ledger_amount", "orders_amount", "fee_amount", "net_amount", "over_short")


class FynloReconciliation(models.Model):
    """One day of one account in one company, or one till session and tender. Amounts are minor units.

    The day holds every movement whose money began to move on it, and the facts that have none.
    """

    _name = "fynlo.reconciliation"
    _inherit = ["fynlo.resource.mixin"]
    _description = "Reconciliation"
    _order = "day desc, id desc"
    _rec_name = "name"
    _resource_name = "reconciliation"

    name = fields.Char(compute="_compute_name")
    provider = fields.Char(required=True, readonly=True, help="The provider, or the tender of a till session.")
    account = fields.Char(
        "Account or session", required=True, readonly=True, help="The account at the provider, or the till session."
    )
    account_id = fields.Many2one("fynlo.settlement.account", readonly=True, index="btree_not_null", ondelete="restrict")
    session_id = fields.Many2one(
        "pos.session", "Till session", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    livemode = fields.Boolean("Real money", readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="restrict")
    config_id = fields.Many2one("pos.config", "Location", readonly=True, ondelete="restrict")
    currency_id = fields.Many2one("res.currency", required=True, readonly=True, ondelete="restrict")
    day = fields.Date(required=True, readonly=True, index=True)
    state = fields.Selection(
        [("open", "Not compared"), ("matched", "Matched"), ("differences", "Differences"), ("resolved", "Resolved")],
        required=True,
        readonly=True,
        default="open",
        index=True,
    )
    provider_amount = fields.Integer("At the provider (minor units)", readonly=True)
    ledger_amount = fields.Integer("In the ledger (minor units)", readonly=True)
    orders_amount = fields.Integer("On orders (minor units)", readonly=True)
    fee_amount = fields.Integer("Provider's fees (minor units)", readonly=True)
    net_amount = fields.Integer("Arrived (minor units)", readonly=True)
    over_short = fields.Integer("Over or short (minor units)", readonly=True)
    movement_count = fields.Integer("Movements", readonly=True)
    fact_count = fields.Integer("Ledger facts", readonly=True)
    checked_at = fields.Datetime("Compared", readonly=True)
    difference_ids = fields.One2many(
        "fynlo.reconciliation.difference", "reconciliation_id", "Differences", readonly=True
    )
    unresolved_count = fields.Integer("To resolve", compute="_compute_unresolved_count", store=True)

    provider_shown = fields.Monetary("At the provider", compute="_compute_shown")
    ledger_shown = fields.Monetary("In the ledger", compute="_compute_shown")
    orders_shown = fields.Monetary("On orders", compute="_compute_shown")
    fee_shown = fields.Monetary("Provider's fees", compute="_compute_shown")
    net_shown = fields.Monetary("Arrived", compute="_compute_shown")
    over_short_shown = fields.Monetary("Over or short", compute="_compute_shown")

    _day_once = models.UniqueIndex(
        "(provider, account, livemode, day, company_id)", "This day of the account has a reconciliation."
    )

    @api.depends("provider", "account", "day")
    def _compute_name(self):
        for row in self:
            row.name = f"{row.provider} {row.account} {row.day}"

    @api.depends("difference_ids.state")
    def _compute_unresolved_count(self):
        for row in self:
            row.unresolved_count = len(row.difference_ids.filtered(lambda one: one.state != "resolved"))

    @api.depends("currency_id", *SHOWN)
    def _compute_shown(self):
        for row in self:
            digits = row.currency_id.decimal_places
            for name in SHOWN:
                row[f"{name.removesuffix('_amount')}_shown"] = to_major(row[name], digits)

    # --- writing -------------------------------------------------------------------------

    @api.model
    def _of(self, **key):
        """The row of a day, or none."""
        return self.search([(name, "=", key[name]) for name in KEY], limit=1)

    def _conclude(self, found, **totals):
        """Keep what a comparison found, an iterable of values of differences by key. May be repeated."""
        self.ensure_one()
        self.env["fynlo.reconciliation.difference"]._keep(self, found)
        self.write({**totals, "checked_at": now()})
        self._follow()

    def _follow(self):
        """The state that follows from the differences."""
        for row in self:
            settled = "resolved" if row.difference_ids else "matched"
            target = "differences" if row.unresolved_count else settled
            if row.state != target:
                require_transition(self.env, RECONCILIATION_STATES, row.state, target)
                row.state = target

    # --- back office ---------------------------------------------------------------------

    def action_look_again(self):
        """Have the day read and compared again in the background."""
        self.check_access("read")
        for row in self.sudo():
            self.env["fynlo.reconciliation.service"]._ask_again(row)
        self.env.ref("fynlo_payments.cron_reconcile").sudo()._trigger()

    def action_open_movements(self):
        """What the provider reported for the day."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("fynlo_payments.action_fynlo_settlement_movement")
        domain = [("account_id", "=", self.account_id.id), ("day", "=", self.day)]
        return {**action, "domain": [*domain, ("company_id", "=", self.company_id.id)], "context": {}}

    def action_open_session(self):
        """The till session."""
        self.ensure_one()
        return self.session_id.action_fynlo_open()
