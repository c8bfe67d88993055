"""How refunds reach Odoo's books: when they are promised, in the till session that is open then (docs/adr/0037)."""

from odoo import models
from odoo.addons.fynlo_pos_core.models.orders.order_rows import QUIET
from odoo.addons.fynlo_pos_core.models.orders.order_states import payment_of_completed
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.addons.fynlo_pos_core.tools.money import to_major


class FynloRefundService(models.AbstractModel):
    _inherit = "fynlo.refund.service"

    def _apply(self, identity, facts, order, refunds, returned):
        """Bring what goes back into Odoo's books and onto the order."""
        rows = self.env["fynlo.order.rows"]
        record = rows._insert_refund(order, returned, identity, facts, refunds.session_id.id)
        for refund in refunds:
            self._book(refund, record, identity, facts)
        self._settle(record, -sum(refunds.mapped("amount")), facts)
        refunds.write({"refund_order_id": record.id})
        self._count(order, sum(refunds.mapped("amount")))

    def _count(self, order, amount):
        """So much more was refunded of a completed order, or less when ``amount`` is below 0."""
        order.refunded += amount
        self.env["fynlo.order.service"]._follow_payment(order, payment_of_completed(order))
        self.env["fynlo.order.rows"]._keep_refunded(order)

    def _settle(self, record, paid, facts):
        """Close the negative order with the money that was given for it, rounded to the coins in use or not."""
        total = record._fynlo_minor(record.amount_total)
        record.write(
            {
                "state": "paid",
                "amount_paid": to_major(paid, facts.digits),
                "amount_difference": to_major(paid - total, facts.digits),
                "fynlo_rounding": paid - total,
            }
        )

    def _book(self, refund, record, identity, facts):
        """The negative row of a refund, and the ledger's entries when the money is gone already."""
        self._insert_row(refund, record, self._method_of(refund, facts), -refund.amount, identity, facts)
        if refund.state == "succeeded":
            self.env["fynlo.payment.entry"]._enter_refund(refund)

    def _book_other_tender(self, refund, order, identity, facts):
        """Move money that was booked as given back by one tender to the tender that gives it instead.

        An order without goods does it: what did not go back is in again, and out by the other tender.
        """
        rows = self.env["fynlo.order.rows"]
        record = rows._insert_refund(order, [], identity, facts, refund.session_id.id)
        self._insert_row(refund, record, self._taken_by(refund.payment_id), refund.amount, identity, facts)
        self._insert_row(refund, record, self._method_of(refund, facts), -refund.amount, identity, facts)
        self._settle(record, 0, facts)
        refund.refund_order_id = record.id

    def _method_of(self, refund, facts):
        """The payment method (id) that books the refund."""
        return facts.tenders[refund.to_method] if refund.to_method else self._taken_by(refund.payment_id)

    def _taken_by(self, payment):
        """The payment method (id) that took a payment; its refunds may have been booked by others."""
        row = self.env["pos.payment"].sudo().search([("fynlo_payment_id", "=", payment.id)], order="id", limit=1)
        return (row or payment).payment_method_id.id

    def _insert_row(self, refund, record, method_id, minor, identity, facts):
        values = {
            **facts.payment_defaults,
            "pos_order_id": record.id,
            "payment_method_id": method_id,
            "payment_date": self.env.cr.now().replace(microsecond=0),
            "session_id": refund.session_id.id,
            "company_id": facts.company_id,
            "employee_id": identity.employee_id,
            "fynlo_payment_id": refund.payment_id.id,
            "uuid": uuid7(),
            "amount": to_major(minor, facts.digits),
            "is_change": False,
        }
        self.env["pos.payment"].with_user(identity.user_id).sudo().with_context(**QUIET).create([values])
