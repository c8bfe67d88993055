"""Pay links as tills use them: make, read, show as QR code, cancel, ask again, fall back to another tender."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from odoo import api, models
from odoo.addons.fynlo_pos_core.models.orders.order_states import ORDER_STATES
from odoo.addons.fynlo_pos_core.models.system.transition import require_transition
from odoo.addons.fynlo_pos_core.rest import Invalid, NotFound, Problem
from odoo.addons.fynlo_pos_core.rest.shapes import MoneyShape

from .pay_link_states import LIVE, WAITING

BANK = "open_banking"


@dataclass(frozen=True, slots=True)
class GuestWish:
    """What the payment service is asked for when a guest pays by a link; as a till's wish, but for its end."""

    id: UUID
    method: str
    amount: MoneyShape
    tip: MoneyShape | None = None
    tendered: None = None
    share_id: UUID | None = None
    details: dict = field(default_factory=dict)
    complete: bool = False
    #: A page that shows no fee charges none.
    pass_fee: bool = False
    funding: str = "unknown"
    channel: str = "online"
    link_id: int = 0
    expires_at: datetime | None = None


class FynloPayLinkService(models.AbstractModel):
    _name = "fynlo.pay.link.service"
    _description = "Pay link service"

    @api.model
    def _make(self, identity, wish):
        """A link for a payment of ``wish``; asked again with the same id it is the same link.

        Raises what taking such a payment would, ``id_taken``, and ``payment_method_unavailable`` when
        nothing here could be paid on a phone.
        """
        known = self._same(identity, wish)
        if known:
            return known
        facts = self.env["fynlo.order.service"]._facts(identity)
        order = self.env["fynlo.order.rows"]._lock(wish.order_id, facts)
        require_transition(self.env, ORDER_STATES, order.state, "completed")
        bill = order.total
        self._check(order, facts, wish)
        link = self._new(identity, facts, order, wish, bill)
        if not self.env["fynlo.pay.page"]._pay_methods(link):
            raise Invalid(
                self.env._("Guests of this location cannot pay on their phone."), code="payment_method_unavailable"
            )
        self._audit(link, "pay_link.created")
        link._announce()
        self.env.ref("fynlo_payments.cron_expire_pay_links").sudo()._trigger(link.expires_at)
        return link

    @api.model
    def _read(self, identity, uuid):
        """The link of this location. Raises ``not_found``."""
        link = (
            self.env["fynlo.pay.link"]
            .sudo()
            .search([("fynlo_uuid", "=", str(uuid)), ("config_id", "=", identity.location_id)], limit=1)
        )
        if not link:
            raise NotFound(self.env._("There is no such pay link at this location."))
        return link

    @api.model
    def _show(self, identity, uuid):
        """The address to draw, and a note that the guest was shown it. Raises ``not_found``, ``pay_link_over``."""
        link = self._read(identity, uuid)._lock()
        if link._state_now() not in LIVE:
            raise self._over(link)
        if link.state == "created":
            link._move("shown")
        return link._url()

    @api.model
    def _begin_ending(self, identity, uuid, reason):
        """End a link: at once, or as soon as the payment under way is ended at its provider.

        Returns ``(link, id of that payment or None)``. Ending it again is the same. Raises ``not_found``,
        ``pay_link_over`` when the link was paid.
        """
        link = self._read(identity, uuid)._lock()
        if link.state == "paid":
            raise self._over(link)
        if link.state in LIVE and not link.ending:
            self._audit(link, "pay_link.cancelled", reason)
        payment_id = link._end("cancelled", reason)
        return link, payment_id and link._wish_payment_cancelled()

    # --- steps ---------------------------------------------------------------------------

    def _same(self, identity, wish):
        """The link that an earlier request with this id has made."""
        known = self.env["fynlo.pay.link"].sudo().search([("fynlo_uuid", "=", str(wish.id))])
        if not known:
            return known
        asked = (str(wish.order_id), wish.amount.amount, _tip(wish), wish.complete)
        made = (known.order_id.uuid, known.amount, known.tip, known.complete)
        share = wish.share_id and str(wish.share_id)
        if known.config_id.id != identity.location_id or asked != made or (known.share_uuid or None) != share:
            raise Problem("id_taken", self.env._("This id is that of another pay link."))
        return known

    def _check(self, order, facts, wish):
        """Refuse what could not be paid anyway, by the rules of every payment."""
        service = self.env["fynlo.payment.service"]
        asked = GuestWish(wish.id, BANK, wish.amount, wish.tip, share_id=wish.share_id)
        service._add_tip(order, facts, asked)
        service._check_amounts(order, facts, asked)
        if wish.complete and wish.amount.amount + _tip(wish) < order.due:
            raise Problem(
                "amount_due",
                self.env._("The order would not be fully paid by that."),
                due={"amount": order.due, "currency": facts.currency},
            )

    def _new(self, identity, facts, order, wish, bill):
        links = self.env["fynlo.pay.link"]
        location = self.env["pos.config"].sudo().browse(facts.location_id)
        return links.sudo().create(
            {
                "fynlo_uuid": str(wish.id),
                "order_id": order.row_id,
                "company_id": facts.company_id,
                "config_id": facts.location_id,
                "employee_id": identity.employee_id or False,
                "device_id": identity.device_id or False,
                "currency_id": facts.currency_id,
                "amount": wish.amount.amount,
                "tip": _tip(wish),
                "bill": bill,
                "share_uuid": wish.share_id and str(wish.share_id),
                "complete": wish.complete,
                "expires_at": self.env.cr.now() + timedelta(minutes=location.fynlo_pay_link_minutes),
                **links._new_secret(),
            }
        )

    def _over(self, link):
        return Problem(
            "pay_link_over",
            self.env._("The link is %s.", link._state_now()),
            current_state=link._state_now(),
            reason=link.reason or None,
        )

    def _audit(self, link, action, reason=""):
        self.env["fynlo.audit.log"]._record(
            action,
            company_id=link.company_id.id,
            resource=("pay_link", link.fynlo_uuid),
            after={"state": link.state, "amount": link.amount, "tip": link.tip},
            reason=reason,
        )


class FynloPayLink(models.Model):
    _inherit = "fynlo.pay.link"

    def _end(self, state, reason):
        """End a locked link. Returns the id of the payment that must be ended at its provider first, or ``None``."""
        if self.state in WAITING:
            self._move(state, reason=reason)
        elif self.state == "paying":
            if not self.ending:
                self._move("paying", ending=state, reason=reason)
            return self.payment_id.id
        return None

    def _wish_payment_cancelled(self):
        """Have the payment under way cancelled; should this process die, the recovery of payments does it.

        Returns its row id. Raises ``illegal_transition`` when its money was taken.
        """
        return self.env["fynlo.payment.service"]._wish_cancelled(self._identity(), self.payment_id.fynlo_uuid)


def _tip(wish):
    return wish.tip.amount if wish.tip else 0
