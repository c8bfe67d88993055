"""The ledger of stored value: every change of a balance, for good."""

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.tools.money import to_major
from odoo.exceptions import UserError


class FynloStoredValueEntry(models.Model):
    """Append-only; written by :meth:`fynlo.stored.value._move` alone."""

    _name = "fynlo.stored.value.entry"
    _description = "Ledger of stored value"
    _order = "id desc"
    _rec_name = "kind"

    card_id = fields.Many2one("fynlo.stored.value", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    kind = fields.Selection(
        [
            ("issue", "Issued"),
            ("redeem", "Spent"),
            ("refund", "Given back"),
            ("withdraw", "Taken back"),
            ("expire", "Lapsed"),
        ],
        required=True,
        readonly=True,
    )
    amount = fields.Integer("Amount (minor units)", required=True, readonly=True)
    balance_after = fields.Integer("Balance after (minor units)", required=True, readonly=True)
    amount_shown = fields.Monetary("Amount", readonly=True, currency_field="currency_id")
    balance_shown = fields.Monetary("Balance after", readonly=True, currency_field="currency_id")
    payment_id = fields.Many2one("fynlo.payment", readonly=True, ondelete="restrict")
    refund_id = fields.Many2one("fynlo.refund", readonly=True, ondelete="restrict")
    order_id = fields.Many2one("pos.order", readonly=True, index="btree_not_null", ondelete="restrict")
    move_id = fields.Many2one("account.move", "Journal entry", readonly=True, ondelete="restrict")
    employee_id = fields.Many2one("hr.employee", "By", readonly=True)
    reason = fields.Char(readonly=True)

    _changes_something = models.Constraint("CHECK(amount <> 0)", "An entry changes the balance.")
    _spent_once = models.UniqueIndex("(payment_id) WHERE kind = 'redeem'", "This payment was taken already.")
    _back_once = models.UniqueIndex("(refund_id) WHERE kind = 'refund'", "This refund was given already.")

    def init(self):
        """The database itself refuses changes, whoever asks."""
        self.env.cr.execute("""
            CREATE OR REPLACE FUNCTION fynlo_stored_value_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'the ledger of stored value is insert-only'; END $$;
            CREATE OR REPLACE TRIGGER fynlo_stored_value_entry_insert_only
              BEFORE UPDATE OR DELETE OR TRUNCATE ON fynlo_stored_value_entry
              FOR EACH STATEMENT EXECUTE FUNCTION fynlo_stored_value_entry_refuse();
        """)

    @api.model
    def _note(self, card, kind, amount, balance_after, **origin):
        digits = card.currency_id.decimal_places
        entry = self.sudo().create(  # in one INSERT: nothing of it can be computed and stored later
            {
                "card_id": card.id,
                "company_id": card.company_id.id,
                "currency_id": card.currency_id.id,
                "kind": kind,
                "amount": amount,
                "amount_shown": to_major(amount, digits),
                "balance_after": balance_after,
                "balance_shown": to_major(balance_after, digits),
                **origin,
            }
        )
        entry.flush_recordset()
        return entry

    # these exist only to refuse
    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("The ledger of stored value cannot be changed."))

    def unlink(self):  # pylint: disable=method-required-super
        raise UserError(self.env._("The ledger of stored value cannot be changed."))  # pylint: disable=no-raise-unlink
