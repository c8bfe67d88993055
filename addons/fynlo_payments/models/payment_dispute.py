"""Disputes: a guest's bank takes a payment back, and the restaurant has some days to answer at the provider."""

from odoo import SUPERUSER_ID, api, fields, models
from odoo.addons.fynlo_pos_core.engine.health import Reading
from odoo.addons.fynlo_pos_core.rest import transaction
from odoo.addons.fynlo_pos_core.tools.clock import naive_utc, wire
from odoo.addons.fynlo_pos_core.tools.money import to_major

from ..providers.dispute import Disputes
from .ledger_entry import TENDER

#: state → states it may move to. Evidence can be asked for again, and a bank may take its word back.
DISPUTE_STATES = {
    "needs_response": frozenset({"under_review", "won", "lost", "closed"}),
    "under_review": frozenset({"needs_response", "won", "lost", "closed"}),
    "won": frozenset({"lost", "needs_response"}),
    "lost": frozenset({"won"}),
    "closed": frozenset({"needs_response"}),
}

WAITING = """
    SELECT count(*) AS value, dispute.company_id, config.id AS config_id, config.fynlo_uuid AS key, config.name,
           to_char(min(dispute.due_by), 'YYYY-MM-DD') AS due_by
      FROM fynlo_payment_dispute dispute JOIN pos_config config ON config.id = dispute.config_id
     WHERE dispute.state = 'needs_response' GROUP BY dispute.company_id, config.id
"""


class FynloPaymentDispute(models.Model):
    """Amounts are whole minor units of ``currency_id``. Written from the provider's word alone.

    The payment stays captured. The money that is ``held`` is missing at the provider: the ledger has it as
    ``disputed`` until the bank decides, and as ``dispute_lost`` when it decides for the guest.
    """

    _name = "fynlo.payment.dispute"
    _inherit = ["fynlo.resource.mixin"]
    _description = "Disputed payment"
    _order = "id desc"
    _rec_name = "reference"
    _resource_name = "dispute"

    payment_id = fields.Many2one("fynlo.payment", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    config_id = fields.Many2one("pos.config", "Location", required=True, readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    reference = fields.Char("At the provider", required=True, readonly=True)
    state = fields.Selection(
        [
            ("needs_response", "Needs an answer"),
            ("under_review", "Under review"),
            ("won", "Won"),
            ("lost", "Lost"),
            ("closed", "Closed"),
        ],
        required=True,
        readonly=True,
    )
    amount = fields.Integer("Amount (minor units)", required=True, readonly=True)
    held = fields.Integer("Taken back (minor units)", required=True, readonly=True, default=0)
    amount_shown = fields.Monetary("Amount", compute="_compute_shown", currency_field="currency_id")
    held_shown = fields.Monetary("Taken back so far", compute="_compute_shown", currency_field="currency_id")
    reason = fields.Char("The guest's bank says", readonly=True)
    due_by = fields.Datetime("Answer by", readonly=True)
    order_number = fields.Char(related="payment_id.order_number")
    version = fields.Integer(default=1, required=True, readonly=True)

    _once = models.UniqueIndex("(payment_id, reference)")

    @api.depends("amount", "held", "currency_id")
    def _compute_shown(self):
        for dispute in self:
            digits = dispute.currency_id.decimal_places
            dispute.amount_shown = to_major(dispute.amount, digits)
            dispute.held_shown = to_major(dispute.held, digits)

    @api.model
    def _learn(self, payment, said):
        """Keep what the provider says of a payment's disputes; may be repeated. Tells managers of what is new."""
        payment.env.cr.execute("SELECT id FROM fynlo_payment WHERE id = %s FOR UPDATE", (payment.id,))
        self.invalidate_model()
        known = {dispute.reference: dispute for dispute in self.search([("payment_id", "=", payment.id)])}
        for one in said:
            values = self._values_of(payment, one)
            dispute = known.get(one.reference)
            before = dispute._holding() if dispute else {}
            if dispute is None:
                dispute = self.create({"payment_id": payment.id, "reference": one.reference, **values})
            elif dispute._is_news(values):
                dispute.write({**values, "version": dispute.version + 1})
            else:
                continue
            self.env.flush_all()  # its entry names it
            self.env["fynlo.payment.entry"].sudo()._enter_dispute(dispute, before)
            dispute._announce()

    def _is_news(self, values):
        """Whether that changes something, and is a step that a dispute can take."""
        if values["state"] != self.state:
            return values["state"] in DISPUTE_STATES[self.state]
        return any((self[name] or False) != (values[name] or False) for name in ("amount", "held", "reason", "due_by"))

    def _holding(self):
        """Where its money is, by account of the ledger; nowhere when it is in another currency than the payment's."""
        if not self.held or self.currency_id != self.payment_id.currency_id:
            return {}
        where = "dispute_lost" if self.state == "lost" else "disputed"
        return {TENDER + self.payment_id.method: -self.held, where: self.held}

    def _values_of(self, payment, said):
        currency = self.env["res.currency"].with_context(active_test=False).search([("name", "=", said.currency)])
        return {
            "company_id": payment.company_id.id,
            "config_id": payment.config_id.id,
            "currency_id": (currency or payment.currency_id).id,
            "state": said.state,
            "amount": said.amount,
            "held": said.held,
            "reason": said.reason,
            "due_by": naive_utc(said.due_by) if said.due_by else False,
        }

    def _announce(self):
        """Tell managers, and note it in the audit log."""
        company = self.company_id
        document = self._api_values()
        topic = f"c.{company.fynlo_uuid}.dashboard"
        self.env["fynlo.outbox"]._emit(company.id, topic, "payment.disputed", self.fynlo_uuid, document)
        self.env["fynlo.audit.log"]._record(
            "payment.disputed",
            company_id=company.id,
            resource=("payment", self.payment_id.fynlo_uuid),
            after={"dispute": self.reference, "state": self.state, "amount": self.amount, "held": self.held},
        )

    def _api_values(self):
        self.ensure_one()

        def money(minor):
            return {"amount": minor, "currency": self.currency_id.name}

        return {
            "id": self.fynlo_uuid,
            "payment_id": self.payment_id.fynlo_uuid,
            "location_id": self.config_id.fynlo_uuid,
            "reference": self.reference,
            "state": self.state,
            "amount": money(self.amount),
            "held": money(self.held),
            "reason": self.reason or "",
            "due_by": wire(self.due_by or None),
            "version": self.version,
        }

    def action_open_payment(self):
        """Back office: the payment that is disputed."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "fynlo.payment",
            "res_id": self.payment_id.id,
            "view_mode": "form",
        }


def look_disputes(registry, payment_id):
    """Learn which disputes a payment has; opens and closes its own cursors, and may be repeated. Returns true.

    Raises :class:`~..providers.connection.ProviderUnavailable` when the provider does not answer.
    """
    with registry.cursor() as cr:
        leg, connection = api.Environment(cr, SUPERUSER_ID, {})["fynlo.payment"].browse(payment_id)._at_provider()
    if not isinstance(connection, Disputes) or not leg.reference:
        return True  # a provider without disputes has answered
    said = connection.disputes(leg)
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        payment = env["fynlo.payment"].browse(payment_id)
        transaction.run(env, lambda: env["fynlo.payment.dispute"]._learn(payment, said))
    return True


class FynloHealth(models.AbstractModel):
    _inherit = "fynlo.health"

    def _health_checks(self):
        return super()._health_checks() | {"payment_disputed": self._payment_disputed}

    def _payment_disputed(self):
        """Disputes of each location that wait for the restaurant's answer."""
        return [
            Reading(
                row["value"],
                self.env._("answer by %s", row["due_by"]) if row["due_by"] else "",
                kind="location",
                key=row["key"],
                name=row["name"],
                company_id=row["company_id"],
                config_id=row["config_id"],
            )
            for row in self._rows(WAITING)
        ]
