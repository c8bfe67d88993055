"""Stored value: a gift card, or a customer's credit. What it holds is what its ledger adds up to."""

import re
from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.rest import Problem, declare
from odoo.addons.fynlo_pos_core.tools.clock import wire
from odoo.addons.fynlo_pos_core.tools.secret_hash import keyed
from odoo.exceptions import UserError

#: Tenders that spend stored value; a card's kind is the tender it is spent with.
KINDS = ("gift_card", "store_credit")
#: What goes back to a card that has lapsed can be spent for so long.
RENEWED_DAYS = 30
#: Twelve characters of letters and digits are beyond guessing at the few tries that are allowed.
CODE = re.compile(r"[0-9A-Z]{12,40}")

#: The only statement that changes a balance. The condition makes it a reservation: of several that
#: run at once each sees what the ones before have left.
MOVE = """
    UPDATE fynlo_stored_value SET balance = balance + %(amount)s, version = version + 1, write_date = %(moment)s,
           balance_shown = (balance + %(amount)s) / (10 ^ %(digits)s)::numeric
     WHERE id = %(card)s AND balance + %(amount)s >= 0 AND (%(any_state)s OR state = 'active')
    RETURNING balance
"""

declare(
    "gift_card_unknown",
    404,
    "No such card",
    "No gift card of this restaurant has that code, or the customer has no credit.",
    "Check the code. After too many wrong ones the device is locked for a while.",
)
declare(
    "gift_card_blocked",
    409,
    "Card blocked",
    "The card was blocked; nothing can be paid with it.",
    "Take another tender, or ask a manager.",
)
declare(
    "gift_card_expired", 409, "Card expired", "The card can no longer be spent.", "Take another tender for the amount."
)
declare(
    "gift_card_balance",
    409,
    "Not enough on the card",
    "The card holds less than the amount; the problem's balance says how much.",
    "Take the balance from the card and the rest with another tender.",
)
declare(
    "gift_card_code_taken",
    409,
    "Code in use",
    "There is a card with this code already.",
    "Use another card, or look up its balance.",
)


class FynloStoredValue(models.Model):
    """Its code is known to whoever holds the card; here is only a keyed hash of it and its last four characters."""

    _name = "fynlo.stored.value"
    _inherit = ["fynlo.resource.mixin"]
    _description = "Gift card or store credit"
    _order = "id desc"
    _rec_name = "last4"
    _resource_name = "gift_card"

    kind = fields.Selection(
        [("gift_card", "Gift card"), ("store_credit", "Store credit")], required=True, readonly=True, index=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True, index="btree_not_null", ondelete="restrict")
    code_hash = fields.Char(readonly=True, copy=False, groups="base.group_system")
    last4 = fields.Char("Last four", readonly=True)
    balance = fields.Integer("Balance (minor units)", required=True, readonly=True, default=0)
    balance_shown = fields.Monetary("Balance", readonly=True, default=0, currency_field="currency_id")
    state = fields.Selection(
        [("active", "Active"), ("blocked", "Blocked"), ("expired", "Expired")],
        required=True,
        readonly=True,
        default="active",
        index=True,
    )
    expires_on = fields.Date(readonly=True, help="The last day it can be spent. Empty: never expires.")
    sold_line_id = fields.Many2one(
        "pos.order.line", "Sold as", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    sold_order_id = fields.Many2one(related="sold_line_id.order_id", string="Sold with order")
    entry_ids = fields.One2many("fynlo.stored.value.entry", "card_id", "Ledger", readonly=True)
    version = fields.Integer(default=1, required=True, readonly=True)

    _balance_never_negative = models.Constraint("CHECK(balance >= 0)", "No more can be spent than a card holds.")
    _code_unique = models.UniqueIndex("(company_id, code_hash) WHERE code_hash IS NOT NULL")
    _one_credit = models.UniqueIndex("(company_id, partner_id, currency_id) WHERE kind = 'store_credit'")
    _credit_of_somebody = models.Constraint(
        "CHECK(CASE kind WHEN 'store_credit' THEN partner_id IS NOT NULL ELSE code_hash IS NOT NULL END)",
        "A gift card has a code, a store credit a customer.",
    )

    def init(self):
        """The database itself sees to it, at commit, that a balance is what the ledger adds up to."""
        self.env.cr.execute("""
            CREATE OR REPLACE FUNCTION fynlo_stored_value_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF (SELECT balance FROM fynlo_stored_value WHERE id = NEW.id) IS DISTINCT FROM
                   (SELECT coalesce(sum(amount), 0) FROM fynlo_stored_value_entry WHERE card_id = NEW.id) THEN
                    RAISE EXCEPTION 'the balance of stored value % is not what its ledger adds up to', NEW.id
                          USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
            END $$;
            DROP TRIGGER IF EXISTS fynlo_stored_value_adds_up ON fynlo_stored_value;
            CREATE CONSTRAINT TRIGGER fynlo_stored_value_adds_up AFTER INSERT OR UPDATE OF balance
                ON fynlo_stored_value DEFERRABLE INITIALLY DEFERRED
               FOR EACH ROW EXECUTE FUNCTION fynlo_stored_value_adds_up();
        """)

    # it exists only to refuse
    def unlink(self):  # pylint: disable=method-required-super
        raise UserError(self.env._("A card stays with its ledger; block it instead."))  # pylint: disable=no-raise-unlink

    # --- finding -------------------------------------------------------------------------

    @api.model
    def _with_code(self, company_id, code):
        """The company's card with this code, or none. A code is compared without blanks, dashes and case."""
        text = normalised(code)
        if text is None:
            return self.sudo().browse()
        domain = [("company_id", "=", company_id), ("code_hash", "=", code_hash(company_id, text))]
        return self.sudo().search(domain, limit=1)

    @api.model
    def _credit_of(self, company_id, customer_uuid):
        """The customer's credit at the company, or none."""
        domain = [
            ("company_id", "=", company_id),
            ("kind", "=", "store_credit"),
            ("partner_id.fynlo_uuid", "=", str(customer_uuid)),
        ]
        return self.sudo().search(domain, limit=1)

    # --- moving value --------------------------------------------------------------------

    def _move(self, kind, amount, *, any_state=False, **origin):
        """Add ``amount`` (minor units, negative to take) and note it in the ledger; returns the entry.

        Raises ``gift_card_blocked``, ``gift_card_expired``, or ``gift_card_balance`` with the balance
        when the card holds less. ``origin`` names what it was for.
        """
        self.ensure_one()
        self.flush_recordset()
        digits = self.currency_id.decimal_places
        self.env.cr.execute(
            MOVE,
            {
                "amount": amount,
                "card": self.id,
                "any_state": any_state,
                "digits": digits,
                "moment": self.env.cr.now(),
            },
        )
        row = self.env.cr.fetchone()
        self.invalidate_recordset()
        if row is None:
            self._require_usable()
            raise Problem(
                "gift_card_balance",
                self.env._("The card holds less than that."),
                balance={"amount": self.balance, "currency": self.currency_id.name},
            )
        return self.env["fynlo.stored.value.entry"]._note(self, kind, amount, row[0], **origin)

    def _require_usable(self, today=None):
        """Raises ``gift_card_blocked`` or ``gift_card_expired``."""
        if self.state == "blocked":
            raise Problem("gift_card_blocked", self.env._("This card is blocked."))
        if self.state == "expired" or (today and self.expires_on and self.expires_on < today):
            raise Problem("gift_card_expired", self.env._("This card has expired."))

    def _renew(self):
        """Let a lapsed card be spent again for a while: money has come back to it."""
        if self.state == "expired":
            self.write({"state": "active", "expires_on": fields.Date.today() + timedelta(days=RENEWED_DAYS)})

    def _set_blocked(self, blocked, reason):
        """Block the card, or let it be used again; a lapsed one stays lapsed. May be repeated."""
        for card in self.sudo():
            before, after = card.state, "blocked" if blocked else "active"
            if before == "expired" or before == after:
                continue
            card.write({"state": after, "version": card.version + 1})
            card._log(
                "blocked" if blocked else "unblocked", before={"state": before}, after={"state": after}, reason=reason
            )

    @api.model
    def _cron_expire(self):
        """Take back what lapsed cards still hold. A day of grace: it is still that day somewhere."""
        lapsed = self.search(
            [("state", "=", "active"), ("expires_on", "<", fields.Date.today() - timedelta(days=1))], limit=1000
        )
        for card in lapsed.sudo():
            card._expire()

    def _expire(self):
        self.env.cr.execute("SELECT balance FROM fynlo_stored_value WHERE id = %s FOR UPDATE", (self.id,))
        held = self.env.cr.fetchone()[0]
        if held:
            move = self._book(-held, "fynlo_cards_lapsed_account_id", self.env._("Gift card lapsed"))
            self._move("expire", -held, move_id=move.id)
        self.write({"state": "expired"})
        self._log("expired", after={"amount": held})

    def _log(self, what, **details):
        self.env["fynlo.audit.log"]._record(
            f"{self.kind}.{what}", company_id=self.company_id.id, resource=(self.kind, self.fynlo_uuid), **details
        )

    def _api_values(self):
        """The card on the wire: never its code."""
        self.ensure_one()
        return {
            "id": self.fynlo_uuid,
            "kind": self.kind,
            "state": self.state,
            "last4": self.last4 or None,
            "balance": {"amount": self.balance, "currency": self.currency_id.name},
            "expires_on": self.expires_on.isoformat() if self.expires_on else None,
            "customer_id": self.partner_id.fynlo_uuid or None,
            "created_at": wire(self.create_date),
            "version": self.version,
        }


def normalised(code):
    """The code without blanks, dashes and case, or ``None`` for what cannot be one."""
    text = re.sub(r"[\s-]", "", code).upper()
    return text if CODE.fullmatch(text) else None


def code_hash(company_id, text):
    """What is kept of a normalised code."""
    return keyed(f"gift-card:{company_id}", text)
