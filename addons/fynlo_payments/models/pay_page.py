"""The pay page: what a guest sees of a link, in which ways it can be paid, and how a payment begins there."""

from dataclasses import dataclass
from uuid import UUID

from odoo import api, models
from odoo.addons.fynlo_pos_core.rest.shapes import MoneyShape
from odoo.addons.fynlo_pos_core.tools.clock import now
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.addons.fynlo_pos_core.tools.written_amount import Pen

from ..providers.connection import ProviderUnavailable
from ..providers.provider import PREFIX
from .pay_link_service import BANK, GuestWish
from .pay_link_states import WAITING
from .payment import HOLDING


@dataclass(frozen=True, slots=True)
class PayMethod:
    """One way to pay on the page.

    ``template`` draws it and gets the values of ``FynloPayPage._values``; ``script`` is the path of a
    module of ours that it needs.
    """

    code: str
    template: str
    script: str | None = None


class FynloPayPage(models.AbstractModel):
    """Works for whoever holds the link's token; links come with the rights to read them (``sudo``)."""

    _name = "fynlo.pay.page"
    _description = "Pay page"

    @api.model
    def _pay_methods(self, link):
        """The :class:`PayMethod` rows of the page, best first. Other tenders add theirs."""
        return [PayMethod(BANK, "fynlo_payments.pay_by_bank")] if self._offers(link, BANK) else []

    @api.model
    def _tenders(self, location):
        """The tenders for which a page of the location has a way to pay, whatever is offered there."""
        return {BANK}

    @api.model
    def _offers(self, link, tender):
        """Whether the link's location takes the tender and its provider is set up."""
        if tender not in self.env["fynlo.order.service"]._facts(link._identity()).tenders:
            return False
        try:
            self.env[PREFIX + tender]._connection(link.config_id)
        except ProviderUnavailable:
            return False
        return True

    @api.model
    def _goes_on(self, payment):
        """The step of the page by which a guest gets back to where a payment under way is made, or ``None``."""
        return "bank" if payment.method == BANK else None

    @api.model
    def _policy(self, policy, values):
        """The Content-Security-Policy of a page with these ``_values``; a method that goes elsewhere names where."""
        return policy

    # --- paying --------------------------------------------------------------------------

    @api.model
    def _begin(self, link, method, details=None):
        """Reserve the link's payment with ``method``; to run in a short transaction (``transaction.run``).

        Returns the payment's row id, to go on with by ``provider_call.charge`` once that is committed.
        Whoever taps while such a payment is under way goes on with the same. ``None`` when the link
        cannot be paid any more, or is being paid in another way. Raises as taking a payment does.
        """
        link = link._lock()
        under_way = link.payment_id
        if link.state == "paying":
            same = under_way.method == method and under_way.state in HOLDING and not link.ending
            return under_way.id if same else None
        if link._state_now() not in WAITING:
            return None
        wish = self._wish(link, method, details or {})
        self.env["fynlo.payment.service"]._take(link._identity(), link.order_id.uuid, wish)
        attempt = self.env["fynlo.payment"].sudo().search([("fynlo_uuid", "=", str(wish.id))])
        link._move("paying", payment_id=attempt.id, reason=False)
        return attempt.id

    @api.model
    def _give_up(self, link):
        """The guest wants to pay otherwise. Returns the row id of the payment to cancel, ``None`` without one.

        Raises ``illegal_transition`` when its money was taken.
        """
        link = link._lock()
        if link.state != "paying":
            return None
        return link._wish_payment_cancelled()

    def _wish(self, link, method, details):
        currency = link.currency_id.name
        return GuestWish(
            id=UUID(uuid7()),
            method=method,
            amount=MoneyShape(amount=link.amount, currency=currency),
            tip=MoneyShape(amount=link.tip, currency=currency) if link.tip else None,
            share_id=UUID(link.share_uuid) if link.share_uuid else None,
            details=details,
            complete=link.complete,
            link_id=link.id,
            expires_at=link.expires_at,
        )

    # --- showing -------------------------------------------------------------------------

    @api.model
    def _view(self, link):
        """Which of the page's faces a link has now."""
        state = link._state_now()
        if state in ("expired", "cancelled") and link.payment_id.state == "refund_due":
            return "refund_due"
        return "open" if state in WAITING else state

    @api.model
    def _status(self, link):
        """What the open page asks for again and again: whether it is still what it shows."""
        left = (link.expires_at - now()).total_seconds()
        return {"view": self._view(link), "version": link.version, "seconds_left": max(0, int(left))}

    @api.model
    def _values(self, link, notice=""):
        """What the page's template needs. Names of places and tables are text, whatever they hold."""
        house, _days = self.env["pos.config"]._fynlo_receipt_house(link.config_id.id)
        pen = Pen.of(house.language, house.country, link.currency_id.name, "UTC")
        status = self._status(link)
        return {
            **status,
            "lang": (self.env.lang or "en_US").replace("_", "-"),
            "path": f"/pay/{link._token()}",
            "place": house.location or house.name,
            "payee": house.name if house.name != house.location else None,
            "table": link.order_id.table_id.table_number or None,
            "amount": pen.amount(link.amount),
            "tip": pen.amount(link.tip) if link.tip else None,
            "total": pen.amount(link.amount + link.tip),
            "minutes_left": -(-status["seconds_left"] // 60),
            "reason": link.reason,
            "notice": notice,
            "accepted": link.payment_id.state == "authorised",
            "goes_on": self._goes_on(link.payment_id) if status["view"] == "paying" else None,
            "methods": self._pay_methods(link) if status["view"] == "open" else [],
        }

    @api.model
    def _html(self, template, values):
        return f"<!doctype html>\n{self.env['ir.qweb']._render(template, values)}"

    @api.model
    def _language(self, link):
        """The language of the place, if texts are installed for it."""
        house, _days = self.env["pos.config"]._fynlo_receipt_house(link.config_id.id)
        return self.env["res.lang"]._get_code(house.language) or None
