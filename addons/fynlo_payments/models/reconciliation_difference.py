"""Differences of a reconciliation: tasks for people, each with what we have and what the other side has."""

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.models.system.transition import require_transition
from odoo.addons.fynlo_pos_core.rest import Invalid
from odoo.addons.fynlo_pos_core.tools.clock import now
from odoo.addons.fynlo_pos_core.tools.money import to_major

from .reconciliation_states import DIFFERENCE_STATES

KINDS = [
    ("missing_at_provider", "Missing at the provider"),
    ("missing_here", "Missing here"),
    ("amount_differs", "Amount differs"),
    ("fee_differs", "Fynlo's fee differs"),
    ("duplicate", "Moved twice"),
    ("wrong_currency", "Wrong currency"),
    ("unbooked_order", "Not on the order"),
]
LINKS = ("payment_id", "refund_id", "movement_id")
PERMISSION = "reconciliation.resolve"


class FynloReconciliationDifference(models.Model):
    """Found and closed by the comparison; people explain and resolve. Amounts are minor units."""

    _name = "fynlo.reconciliation.difference"
    _inherit = ["fynlo.resource.mixin"]
    _description = "Difference of a reconciliation"
    _order = "day desc, id desc"
    _rec_name = "kind"
    _resource_name = "reconciliation_difference"

    reconciliation_id = fields.Many2one(
        "fynlo.reconciliation", required=True, readonly=True, index=True, ondelete="cascade"
    )
    key = fields.Char(required=True, readonly=True, help="Tells the differences of a day apart.")
    kind = fields.Selection(KINDS, required=True, readonly=True)
    state = fields.Selection(
        [("open", "Open"), ("explained", "Explained"), ("resolved", "Resolved")],
        required=True,
        readonly=True,
        default="open",
        index=True,
    )
    expected = fields.Integer("We have (minor units)", required=True, readonly=True)
    found = fields.Integer("They have (minor units)", required=True, readonly=True)
    payment_id = fields.Many2one("fynlo.payment", readonly=True, index="btree_not_null", ondelete="restrict")
    refund_id = fields.Many2one("fynlo.refund", readonly=True, ondelete="restrict")
    movement_id = fields.Many2one("fynlo.settlement.movement", readonly=True, ondelete="restrict")
    order_id = fields.Many2one(related="payment_id.order_id")
    day = fields.Date(related="reconciliation_id.day", store=True)
    provider = fields.Char(related="reconciliation_id.provider", store=True)
    company_id = fields.Many2one(related="reconciliation_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="reconciliation_id.currency_id")
    config_id = fields.Many2one("pos.config", "Location", readonly=True, ondelete="restrict")
    explanation = fields.Char(compute="_compute_explanation")
    note = fields.Char(readonly=True, help="What people say of it.")
    actor = fields.Char("By", readonly=True, help="The name is copied. Empty: the comparison itself.")
    found_at = fields.Datetime("Found", required=True, readonly=True)
    moved_at = fields.Datetime("Explained or resolved", readonly=True)
    expected_shown = fields.Monetary("We have", compute="_compute_shown")
    found_shown = fields.Monetary("They have", compute="_compute_shown")

    _key_once = models.UniqueIndex("(reconciliation_id, key)", "This difference is known.")

    @api.depends("expected", "found", "currency_id")
    def _compute_shown(self):
        for one in self:
            digits = one.currency_id.decimal_places
            one.expected_shown = to_major(one.expected, digits)
            one.found_shown = to_major(one.found, digits)

    @api.depends("kind", "payment_id.state", "movement_id.kind")
    def _compute_explanation(self):
        for one in self:
            one.explanation = one._words()

    def _words(self):
        """What it may be, in a sentence."""
        moved, state = self.movement_id, self.payment_id.state
        if self.kind == "missing_here" and moved.kind == "dispute":
            return self.env._("The guest's bank disputes a payment, or gives the money of a dispute back.")
        if self.kind == "missing_here" and not self.payment_id:
            return self.env._("No payment here belongs to it: it was made elsewhere, or its record is lost.")
        if self.kind == "missing_here" and moved.kind == "charge" and state not in ("captured", "refund_due"):
            return self.env._("The guest was charged, and the payment here is %s: the provider is asked again.", state)
        sentences = {
            "missing_here": self.env._(
                "The ledger has no such fact; it may have been made at the provider's own site."
            ),
            "missing_at_provider": self.env._("The ledger has it; the provider has not reported it, or not yet."),
            "amount_differs": self.env._("Provider and ledger do not agree on the amount."),
            "fee_differs": self.env._("The provider kept another fee for Fynlo than was earned."),
            "duplicate": self.env._("The same money moved twice: give one back, or find out what the second is for."),
            "wrong_currency": self.env._("The provider moved another currency than the payment's."),
            "unbooked_order": self.env._("The order's payment rows do not show what the ledger says."),
        }
        return sentences[self.kind]

    # --- what the comparison does --------------------------------------------------------

    @api.model
    def _keep(self, reconciliation, found):
        """Bring the differences of a day in line with what was found: new, changed, gone.

        ``found`` are values by key. One that people resolved stays so while its figures are the same.
        """
        known = {one.key: one for one in reconciliation.difference_ids}
        fresh = []
        for key, values in found.items():
            if key in known:
                known[key]._see(values)
            else:
                fresh.append({**values, "key": key, "reconciliation_id": reconciliation.id, "found_at": now()})
        self.create(fresh)
        for key, one in known.items():
            if key not in found and one.state != "resolved":
                one._move("resolved", moved_at=now(), actor=False, note=one.note or self.env._("Agrees now."))

    def _see(self, values):
        """It is still there: open again when it had gone by itself, or has other figures than people saw."""
        changed = any(self[name] != values[name] for name in ("expected", "found"))
        relinked = any(self[name].id != values.get(name, False) for name in LINKS)
        if changed or relinked:
            self.write({name: values.get(name, False) for name in ("expected", "found", *LINKS)})
        if self.state != "open" and (changed or (self.state == "resolved" and not self.actor)):
            self._move("open", moved_at=False, actor=False)

    def _move(self, state, **values):
        require_transition(self.env, DIFFERENCE_STATES, self.state, state)
        self.write({**values, "state": state})

    # --- what people do ------------------------------------------------------------------

    def _settle(self, state, note):
        """Explain or resolve these differences; the days follow. Raises ``permission_denied``, ``illegal_transition``.

        A note is needed: it stays with the difference and on the audit log.
        """
        note = (note or "").strip()
        if not note:
            raise Invalid(self.env._("Say what came of it."), code="note_required", field="note")
        self.check_access("read")
        for one in self.sudo():
            identity = self.env["fynlo.access"]._at_desk(one._place())
            identity.require(PERMISSION)
            before = {"state": one.state, "note": one.note or None}
            one._move(state, note=note, actor=identity.employee_name, moved_at=now())
            self.env["fynlo.audit.log"]._record(
                f"reconciliation.{state}",
                company_id=one.company_id.id,
                resource=("reconciliation_difference", one.fynlo_uuid),
                before=before,
                after={
                    "state": state,
                    "kind": one.kind,
                    "expected": one.expected,
                    "found": one.found,
                    "day": f"{one.day}",
                },
                reason=note,
            )
        self.sudo().reconciliation_id._follow()

    def _place(self):
        """The location whose staff may settle it."""
        return (
            self.config_id
            or self.reconciliation_id.account_id.config_ids.filtered(
                lambda location: location.company_id == self.company_id
            ).sorted("id")[:1]
        )

    def action_settle(self):
        """Ask for a note, then explain or resolve these differences."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("fynlo_payments.action_difference_wizard"),
            "context": {"default_difference_ids": self.ids},
        }


class FynloDifferenceWizard(models.TransientModel):  # pylint: disable=no-wizard-in-models  # beside its model, as all are
    """The window in which a manager says what came of differences."""

    _name = "fynlo.difference.wizard"
    _description = "Settle differences"

    difference_ids = fields.Many2many("fynlo.reconciliation.difference", string="Differences", readonly=True)
    note = fields.Char(required=True, help="E.g. refunded at the provider's own site, for the guest of table 7.")

    def action_explain(self):
        """The cause is known; it is not over yet."""
        return self._settle("explained")

    def action_resolve(self):
        """Nothing is left to do."""
        return self._settle("resolved")

    def _settle(self, state):
        self.ensure_one()
        self.difference_ids._settle(state, self.note)
        return {"type": "ir.actions.act_window_close"}
