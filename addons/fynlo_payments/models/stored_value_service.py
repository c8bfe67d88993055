"""Gift cards and store credit as tills use them: activate, look up, block, pay, give back."""

from odoo import api, models
from odoo.addons.fynlo_pos_core.rest import Invalid, NotFound, Problem, declare
from odoo.addons.fynlo_pos_core.tools.money import to_minor

from .stored_value import KINDS, code_hash, normalised

declare(
    "gift_card_line",
    409,
    "Line sells no such card",
    "The line is no gift card of a completed order, or cards of its whole value were activated or refunded.",
    "Complete and pay the order first; activate no more than the line is worth.",
)

#: What a gift card line is still worth: what was paid, less what was refunded and what was activated.
LINE = """
    SELECT line.id, placed.id AS order_id, placed.state, template.fynlo_gift_card AS sells,
           line.price_subtotal_incl AS total,
           (SELECT coalesce(sum(back.price_subtotal_incl), 0) FROM pos_order_line back
             WHERE back.refunded_orderline_id = line.id) AS refunded,
           (SELECT coalesce(sum(entry.amount), 0)
              FROM fynlo_stored_value card JOIN fynlo_stored_value_entry entry ON entry.card_id = card.id
             WHERE card.sold_line_id = line.id AND entry.kind IN ('issue', 'withdraw')) AS activated
      FROM pos_order_line line
      JOIN pos_order placed ON placed.id = line.order_id
      JOIN product_product product ON product.id = line.product_id
      JOIN product_template template ON template.id = product.product_tmpl_id
     WHERE line.id = %s
"""


class FynloStoredValueService(models.AbstractModel):
    _name = "fynlo.stored.value.service"
    _description = "Stored value service"

    # --- what tills ask for --------------------------------------------------------------

    @api.model
    def _issue(self, identity, wish):
        """A new gift card: the value of a sold line, or a gift of the house (needs ``gift_card.grant``).

        Raises ``gift_card_line``, ``gift_card_code_taken``, ``id_taken``, ``permission_denied``.
        """
        if wish.line_id is None:
            identity.require("gift_card.grant")
            if wish.amount is None or not wish.reason:
                raise Invalid(self.env._("A card that was not sold needs an amount and a reason."), field="amount")
        facts = self.env["fynlo.order.service"]._facts(identity)
        if wish.amount:
            self._check_money(facts, wish.amount)
        line, amount = self._sold(identity, facts, wish) if wish.line_id else (None, wish.amount.amount)
        card = self._new_card(identity, facts, wish, line)
        self._fill(card, identity, amount, wish.reason, order_id=line and line["order_id"])
        return card._api_values()

    @api.model
    def _look_up(self, identity, code, address=""):
        """The card with this code. Raises ``gift_card_unknown``; wrong codes lock the device."""
        return self._card_with_code(identity, code, address)._api_values()

    @api.model
    def _block(self, identity, uuid, blocked, reason):
        """Block a card of the company or lift it. Raises ``not_found``."""
        domain = [("fynlo_uuid", "=", str(uuid)), ("company_id", "=", identity.company_id)]
        card = self._cards().search(domain, limit=1)
        if not card:
            raise NotFound(self.env._("There is no such card."))
        card._set_blocked(blocked, reason)
        return card._api_values()

    @api.model
    def _credit(self, identity, customer_uuid):
        """A customer's credit at the company. Raises ``not_found``."""
        card = self._cards()._credit_of(identity.company_id, customer_uuid)
        if not card:
            raise NotFound(self.env._("The customer has no credit here."))
        return card._api_values()

    @api.model
    def _grant_credit(self, identity, customer_uuid, wish):
        """Give a customer credit that nobody paid for. Raises ``not_found``."""
        facts = self.env["fynlo.order.service"]._facts(identity)
        self._check_money(facts, wish.amount)
        card = self._credit_for(facts, customer_uuid)
        self._fill(card, identity, wish.amount.amount, wish.reason)
        return card._api_values()

    # --- what the tenders ask ------------------------------------------------------------

    @api.model
    def _card_to_pay_with(self, identity, wish, address=""):
        """The usable card that a payment's details name. Raises what is wrong with it."""
        facts = self.env["fynlo.order.service"]._facts(identity)
        if wish.method == "gift_card":
            code = wish.details.get("code")
            if not isinstance(code, str):
                raise Invalid(self.env._("Paying with a gift card needs its code."), field="details.code")
            card = self._card_with_code(identity, code, address)
        else:
            card = self._cards()._credit_of(identity.company_id, wish.details.get("customer_id"))
            if not card:
                raise Problem("gift_card_unknown", self.env._("The customer has no credit here."))
        if card.currency_id.id != facts.currency_id:
            raise Problem("gift_card_unknown", self.env._("That card holds another currency."))
        card._require_usable(self._today(facts))
        return card

    @api.model
    def _card_to_refill(self, identity, order, wish):
        """The usable card or credit that gets a refund of another tender; a credit is begun when there is none.

        ``wish.details`` holds the ``code`` of a gift card, or the ``customer_id`` of a credit, who is
        the order's customer when left out. Raises what is wrong with it.
        """
        facts = self.env["fynlo.order.service"]._facts(identity)
        if wish.to_method == "gift_card":
            return self._card_to_pay_with(identity, wish.model_copy(update={"method": "gift_card"}))
        guest = self.env["pos.order"].sudo().browse(order.row_id).partner_id.fynlo_uuid
        card = self._credit_for(facts, wish.details.get("customer_id") or guest)
        card._require_usable(self._today(facts))
        return card

    # --- steps ---------------------------------------------------------------------------

    def _cards(self):
        return self.env["fynlo.stored.value"].sudo()

    def _today(self, facts):
        return self.env["pos.config"].sudo().browse(facts.location_id)._fynlo_business_date()

    def _check_money(self, facts, money):
        if money.currency != facts.currency or money.amount <= 0:
            raise Invalid(self.env._("An amount of %s above 0 is needed.", facts.currency), field="amount")

    def _card_with_code(self, identity, code, address):
        """The gift card with this code; several wrong ones in a row lock the device for a while."""
        guesses = self.env["fynlo.code.guess"]
        guesses._hold(identity)
        card = self._cards()._with_code(identity.company_id, code)
        if not card:
            guesses._fail(identity, address)
            raise Problem("gift_card_unknown", self.env._("There is no gift card with this code."), lasting=True)
        return card

    def _sold(self, identity, facts, wish):
        """The sold line and how much of it the new card gets; the order is locked, so twins come one by one."""
        self.env.cr.execute(
            """SELECT line.id FROM pos_order_line line JOIN pos_order placed ON placed.id = line.order_id
                WHERE line.uuid = %s AND placed.config_id = %s FOR UPDATE OF placed""",
            (str(wish.line_id), identity.location_id),
        )
        found = self.env.cr.fetchone()
        if not found:
            raise NotFound(self.env._("There is no such line at this location."))
        line = self._line(found[0])
        left = self._left(line, facts.digits)
        amount = wish.amount.amount if wish.amount else left
        if not line["sells"] or line["state"] not in ("paid", "done", "invoiced") or not 0 < amount <= left:
            raise Problem(
                "gift_card_line",
                self.env._("The line has no gift card of that value to activate."),
                left={"amount": max(left, 0), "currency": facts.currency},
            )
        return line, amount

    def _line(self, line_id):
        self.env.flush_all()
        self.env.cr.execute(LINE, (line_id,))
        return self.env.cr.dictfetchone()

    def _left(self, line, digits):
        """What may still be activated of a sold line; negative when more is activated than is kept."""
        return to_minor(line["total"] + line["refunded"], digits) - int(line["activated"])

    def _credit_for(self, facts, customer_uuid):
        """A customer's credit, begun when there is none. Raises ``not_found``."""
        domain = [("fynlo_uuid", "=", str(customer_uuid)), ("company_id", "in", (False, facts.company_id))]
        partner = self.env["res.partner"].sudo().search(domain, limit=1)
        if not partner:
            raise NotFound(self.env._("There is no such customer."))
        return self._cards()._credit_of(facts.company_id, customer_uuid) or self._cards().create(
            {
                "kind": "store_credit",
                "company_id": facts.company_id,
                "currency_id": facts.currency_id,
                "partner_id": partner.id,
            }
        )

    def _new_card(self, identity, facts, wish, line):
        text = normalised(wish.code)
        if text is None:
            raise Invalid(self.env._("A code has 12 to 40 letters and digits."), field="code")
        if self._cards().search_count([("fynlo_uuid", "=", str(wish.id))], limit=1):
            raise Problem("id_taken", self.env._("A card with this id exists already."))
        if self._cards()._with_code(facts.company_id, text):
            raise Problem("gift_card_code_taken", self.env._("There is a card with this code already."))
        if wish.expires_on and wish.expires_on < self._today(facts):
            raise Invalid(self.env._("The card would have expired already."), field="expires_on")
        return self._cards().create(
            {
                "fynlo_uuid": str(wish.id),
                "kind": "gift_card",
                "company_id": facts.company_id,
                "currency_id": facts.currency_id,
                "code_hash": code_hash(facts.company_id, text),
                "last4": text[-4:],
                "expires_on": wish.expires_on,
                "sold_line_id": line and line["id"],
            }
        )

    def _fill(self, card, identity, amount, reason, order_id=None):
        """The first value of a card, or more of a credit. What no till sold is booked at once."""
        origin = {"employee_id": identity.employee_id, "reason": reason or False, "order_id": order_id or False}
        if not order_id:
            label = self.env._("Gift card given") if card.kind == "gift_card" else self.env._("Store credit given")
            origin["move_id"] = card._book(amount, "fynlo_cards_given_account_id", label).id
        card._move("issue", amount, **origin)
        after = {"amount": amount, "currency": card.currency_id.name, "last4": card.last4 or None}
        card._log("issued", after=after, reason=reason or "")


class FynloPaymentService(models.AbstractModel):
    _inherit = "fynlo.payment.service"

    @api.model
    def _take(self, identity, order_uuid, wish):
        """A payment with stored value first finds the card; its code goes no further than that."""
        if wish.method not in KINDS:
            return super()._take(identity, order_uuid, wish)
        card = self.env["fynlo.stored.value.service"]._card_to_pay_with(identity, wish)
        return super(FynloPaymentService, self.with_context(fynlo_stored_value=card.id))._take(
            identity, order_uuid, wish
        )


class FynloOrderRows(models.AbstractModel):
    _inherit = "fynlo.order.rows"

    def _insert_refund(self, order, returned, identity, facts, session_id):
        """A refunded gift card line takes its value off the cards that were activated for it."""
        record = super()._insert_refund(order, returned, identity, facts, session_id)
        service = self.env["fynlo.stored.value.service"]
        for line in record.lines.filtered("product_id.fynlo_gift_card").refunded_orderline_id:
            service._withdraw(line.id, record, identity, facts.digits)
        return record


class StoredValueOfRefunds(models.AbstractModel):
    _inherit = "fynlo.stored.value.service"

    def _withdraw(self, line_id, record, identity, digits):
        """Take off the cards of a line what is activated beyond what the guest has kept of it.

        Raises ``gift_card_balance`` when it was spent already.
        """
        excess = -self._left(self._line(line_id), digits)
        cards = self._cards().search([("sold_line_id", "=", line_id)], order="id desc")
        cards.invalidate_recordset()
        for card in cards:
            part = min(excess, card.balance)
            if part > 0:
                card._move("withdraw", -part, any_state=True, order_id=record.id, employee_id=identity.employee_id)
                excess -= part
        if excess > 0:
            raise Problem("gift_card_balance", self.env._("The gift card was spent already; it cannot be refunded."))
