"""Cash movements: what goes into and out of a drawer without a sale."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...rest import declare
from ...tools.clock import wire
from ...tools.money import to_major

#: kind → (the way the cash goes, the company's field with the account on the other side)
KINDS = {
    "paid_in": (1, "fynlo_paid_in_account_id"),
    "paid_out": (-1, "fynlo_paid_out_account_id"),
    "drop": (-1, "fynlo_safe_account_id"),
    "tip_payout": (-1, "fynlo_tips_account_id"),
    "no_sale": (0, None),
    "deposit_in": (1, "fynlo_deposits_account_id"),
    "deposit_out": (-1, "fynlo_deposits_account_id"),
}

declare(
    "till_session_closed",
    409,
    "Till session closed",
    "The till session is closed, so its drawer can no longer be counted or moved.",
    "Use the location's open till session.",
)
declare(
    "no_drawer",
    409,
    "No cash drawer",
    "The location has no cash payment method, so it has no drawer.",
    "Ask a manager to add a cash payment method to the location.",
)


class FynloCashMovement(models.Model):
    """Append-only. Every amount has its entry in the cash journal from the moment it is made."""

    _name = "fynlo.cash.movement"
    _inherit = ["fynlo.resource.mixin"]
    _description = "Cash movement"
    _order = "id desc"
    _rec_name = "reason"
    _resource_name = "cash_movement"

    session_id = fields.Many2one(
        "pos.session", "Till session", required=True, readonly=True, index=True, ondelete="restrict"
    )
    config_id = fields.Many2one("pos.config", "Location", required=True, readonly=True, index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    employee_id = fields.Many2one("hr.employee", readonly=True)
    device_id = fields.Many2one("fynlo.device", readonly=True)
    kind = fields.Selection(
        [
            ("paid_in", "Paid in"),
            ("paid_out", "Paid out"),
            ("drop", "Drop to the safe"),
            ("no_sale", "Drawer opened without a sale"),
            ("tip_payout", "Tips paid out"),
            ("deposit_in", "Taken on orders that stay open"),
            ("deposit_out", "Taken before, on orders carried over"),
        ],
        required=True,
        readonly=True,
    )
    amount = fields.Integer(
        "Amount (minor units)", required=True, readonly=True, help="Always positive; the kind tells the way."
    )
    amount_shown = fields.Monetary("Amount", compute="_compute_amount_shown", currency_field="currency_id")
    reason = fields.Char(required=True, readonly=True)
    business_date = fields.Date("Business date", required=True, readonly=True, index=True)
    statement_line_id = fields.Many2one(
        "account.bank.statement.line", "Journal entry", readonly=True, index="btree_not_null", ondelete="restrict"
    )

    _amount_fits_kind = models.Constraint(
        "CHECK(amount >= 0 AND (amount = 0) = (kind = 'no_sale'))", "Only an opened drawer moves nothing."
    )

    @api.depends("amount", "kind", "currency_id")
    def _compute_amount_shown(self):
        for movement in self:
            signed = movement.amount * KINDS[movement.kind][0]
            movement.amount_shown = to_major(signed, movement.currency_id.decimal_places)

    # it exists only to refuse
    def unlink(self):  # pylint: disable=method-required-super
        raise UserError(self.env._("A cash movement stays; make one the other way instead."))  # pylint: disable=no-raise-unlink

    @api.model
    def _move(self, session, kind, minor, reason, **who):
        """Record a movement of an open session's drawer and post its entry. Returns the movement."""
        movement = self.sudo().create(
            {
                "session_id": session.id,
                "config_id": session.config_id.id,
                "company_id": session.company_id.id,
                "currency_id": session.currency_id.id,
                "kind": kind,
                "amount": minor,
                "reason": reason,
                "business_date": session.fynlo_business_date or session.config_id._fynlo_business_date(),
                **who,
            }
        )
        if minor:
            movement.statement_line_id = movement._book()
        return movement

    def _book(self):
        """The entry in the cash journal, against the account of this kind instead of bank suspense."""
        sign, account_field = KINDS[self.kind]
        account = self.company_id._fynlo_till_account(account_field)
        lines = self.env["account.bank.statement.line"].sudo().with_company(self.company_id)
        return lines.with_context(no_retrieve_partner=True).create(
            {
                "pos_session_id": self.session_id.id,
                "journal_id": self.session_id.cash_journal_id.id,
                "amount": sign * to_major(self.amount, self.currency_id.decimal_places),
                "date": self.business_date,
                "payment_ref": f"{self.session_id.name} {self._fynlo_kind_label()}: {self.reason}",
                "counterpart_account_id": account.id,
            }
        )

    def _fynlo_kind_label(self):
        return dict(self._fields["kind"].selection)[self.kind]

    def _api_values(self):
        """The movement on the wire; the amount is positive, its kind tells the way."""
        self.ensure_one()
        employee = self.employee_id
        return {
            "id": self.fynlo_uuid,
            "till_session_id": self.session_id.fynlo_uuid,
            "kind": self.kind,
            "amount": {"amount": self.amount, "currency": self.currency_id.name},
            "reason": self.reason,
            "employee": {"id": employee.fynlo_uuid, "name": employee.name} if employee else None,
            "device_id": self.device_id.fynlo_uuid or None,
            "business_date": self.business_date.isoformat(),
            "created_at": wire(self.create_date),
        }
