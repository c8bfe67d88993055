"""What happens to an order and its payments reaches its links: bills that change, payments that end."""

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.rest import closing_statements
from odoo.addons.fynlo_pos_core.rest.prepared_statement import PreparedStatement
from odoo.addons.fynlo_pos_core.tools.clock import now

from .pay_link import DOCUMENT
from .pay_link_states import TIME_OVER
from .payment import CLOSED

#: Runs with the last statements of whatever changes an order, so it costs no round trip. A link under way is
#: left alone: what it asks for is reserved, and the order cannot change.
SUPERSEDE = PreparedStatement(
    f"""WITH gone AS (
            UPDATE fynlo_pay_link
               SET state = 'cancelled', version = version + 1, write_date = %(at)s,
                   reason = CASE WHEN %(state)s = 'cancelled' THEN 'order_cancelled'
                                 WHEN bill != %(bill)s THEN 'amount_changed' ELSE 'order_paid' END
             WHERE order_id = %(order)s AND state IN ('created', 'shown', 'opened')
               AND (%(state)s != 'open' OR bill != %(bill)s OR amount > %(due)s)
            RETURNING *)
        INSERT INTO fynlo_outbox (company_id, topic, type, event_id, resource_id, deleted, payload, created_at)
        SELECT link.company_id, %(topic)s, 'pay_link.updated', gen_random_uuid()::text, link.fynlo_uuid, FALSE,
               {DOCUMENT}::text, %(at)s
          FROM gone link JOIN res_currency money ON money.id = link.currency_id""",  # noqa: S608 - constants of ours
    order="int",
    state="text",
    bill="int",
    due="int",
    topic="text",
    at="timestamp",
)


class FynloOrderService(models.AbstractModel):
    _inherit = "fynlo.order.service"

    @api.model
    def _announce(self, order, facts, event):
        """A link is for the bill as it was shown: when that changes, the link is over."""
        document = super()._announce(order, facts, event)
        if event != "order.created":
            closing_statements.add(
                self.env.cr,
                SUPERSEDE,
                order=order.row_id,
                state=order.state,
                bill=order.total,
                due=order.due,
                topic=f"l.{facts.location_uuid}.payments",
                at=now(),
            )
        return document


class FynloPayment(models.Model):
    _inherit = "fynlo.payment"

    pay_link_id = fields.Many2one("fynlo.pay.link", "Paid by link", readonly=True, index="btree_not_null")


class FynloPaymentService(models.AbstractModel):
    _inherit = "fynlo.payment.service"

    def _terms(self, order, facts, wish):
        """A guest has no longer than the link lives."""
        terms = super()._terms(order, facts, wish)
        link_id = getattr(wish, "link_id", None)
        return {**terms, "pay_link_id": link_id, "expires_at": wish.expires_at} if link_id else terms

    @api.model
    def _conclude(self, payment_id, said):
        """News of a payment is news of the link by which it was made."""
        attempt = self.env["fynlo.payment"].sudo().browse(payment_id)
        before = attempt.version
        answer = super()._conclude(payment_id, said)
        if attempt.pay_link_id and attempt.version != before:
            attempt.pay_link_id._follow(attempt)
        return answer


class FynloPayLink(models.Model):
    _inherit = "fynlo.pay.link"

    def _follow(self, payment):
        """Go where a payment of the link went. The order is locked by whoever brought the news."""
        link = self._lock()
        if payment.state == "captured" and link.state != "paid":
            link._move("paid", payment_id=payment.id, reason=False, ending=False)
        elif link.payment_id != payment:
            return
        elif payment.state in CLOSED and link.state == "paying":
            state, reason = link._after(payment)
            link._move(state, reason=reason, ending=False)
        else:
            link._move(link.state)

    def _after(self, payment):
        """Where the link goes when its payment came to nothing, and why: to another try, unless it is to end."""
        if self.ending:
            return self.ending, self.reason
        if payment.state == "expired" or self.expires_at <= now():
            return "expired", TIME_OVER
        return "opened", payment.failure_code or payment.state
