"""Money that a provider did not give back is given again, by the same tender or by another one."""

from odoo import api, models
from odoo.addons.fynlo_pos_core.rest import NotFound, Problem


class FynloRefundService(models.AbstractModel):
    _inherit = "fynlo.refund.service"

    @api.model
    def _repeat(self, identity, refund_uuid, wish):
        """Give the guest all that a failed refund left owed; returns the new refund and the order.

        By a provider outside this server it is ``sent`` when this returns, as with any refund.
        Raises ``not_found``, ``nothing_to_refund`` when nothing is owed of it (any more),
        ``approval_required`` for another tender, ``no_open_session`` for the same.
        """
        failed = self._find(identity, refund_uuid)
        facts = self.env["fynlo.order.service"]._facts(identity)
        order = self.env["fynlo.order.rows"]._lock(failed.order_id.uuid, facts)
        failed.invalidate_recordset()
        failed.payment_id.invalidate_recordset()
        if not failed.owed:
            raise Problem("nothing_to_refund", self.env._("Nothing is owed of this refund."))
        self._refuse_taken(wish.id)
        self._check_providers([(failed.payment_id, failed.owed)], wish.to_method)
        service = self._towards(identity, facts, order, wish)
        refund = service._begin_repeat(identity, facts, order, failed, wish)
        service._call(refund)
        self._book_repeat(refund, order, identity, facts)
        failed._announce()
        return self._answer(facts, order, refund)

    # --- steps ---------------------------------------------------------------------------

    def _find(self, identity, uuid):
        refund = self._refunds().search(
            [("fynlo_uuid", "=", str(uuid)), ("config_id", "=", identity.location_id)], limit=1
        )
        if not refund:
            raise NotFound(self.env._("There is no such refund at this location."))
        return refund

    def _begin_repeat(self, identity, facts, order, failed, wish):
        """The new refund, which takes over what is owed. The same tender was approved already."""
        payment, owed = failed.payment_id, failed.owed
        other = self._other(payment, wish.to_method)
        values = {"approver": failed.approver, "session_id": False}
        if other:
            values = {
                "session_id": self._open_session(identity),
                "approver": self._approver(identity, facts, order, owed, wish, [(payment, owed)], order.refunded),
            }
        values |= {
            "kind": "repeat",
            "repeat_of_id": failed.id,
            "amount": owed,
            "tip": failed.tip,
            "surcharge": failed.surcharge,
            "to_method": other,
            "reason": wish.reason or failed.reason,
            "request_uuid": str(wish.id),
        }
        payment._give(owed, was_owed=True)
        failed.write({"owed": 0, "version": failed.version + 1})
        return self._new_refund(identity, facts, order, payment, wish.id, values)

    def _book_repeat(self, refund, order, identity, facts):
        """The failed refund is in the books already; only another tender has to be put in its place."""
        if refund.to_method:
            self._book_other_tender(refund, order, identity, facts)
        if refund.state == "succeeded":
            self._enter_given(refund)
        if refund._returns_goods():
            self._count(order, refund.amount)
