"""Pay links: one payment that a guest may make on the own phone, reached by a short secret address."""

import base64
import re
import secrets

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.models.system.transition import require_transition
from odoo.addons.fynlo_pos_core.rest import NotFound, declare
from odoo.addons.fynlo_pos_core.tools.clock import now
from odoo.addons.fynlo_pos_core.tools.secret_hash import digest, keyed
from odoo.addons.fynlo_pos_core.tools.settings import settings

from .pay_link_states import LIVE, PAY_LINK_STATES, WAITING
from .payment_attempt import taker

declare(
    "pay_link_over",
    409,
    "Pay link over",
    "The link was paid, cancelled or superseded, or its time is over; the answer names its state and why.",
    "Make a new link if the order still owes something.",
)

TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,64}")
TOKEN_BYTES = 16
PURPOSE = "pay-link"

#: The one shape of a link (docs/api): in answers and events. It never holds the address, which is a secret.
DOCUMENT = """json_build_object(
    'id', link.fynlo_uuid,
    'order_id', (SELECT uuid FROM pos_order WHERE id = link.order_id),
    'state', CASE WHEN link.state IN ('created', 'shown', 'opened') AND link.expires_at <= now() AT TIME ZONE 'UTC'
                  THEN 'expired' ELSE link.state END,
    'reason', link.reason,
    'ending', link.ending,
    'amount', json_build_object('amount', link.amount, 'currency', money.name),
    'tip', json_build_object('amount', link.tip, 'currency', money.name),
    'share_id', link.share_uuid,
    'complete', link.complete,
    'payment', (SELECT json_build_object('id', payment.fynlo_uuid, 'method', payment.method, 'state', payment.state)
                  FROM fynlo_payment payment WHERE payment.id = link.payment_id),
    'expires_at', to_char(link.expires_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'created_at', to_char(link.create_date, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'updated_at', to_char(link.write_date, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'version', link.version)"""
READ = (
    f"SELECT {DOCUMENT} FROM fynlo_pay_link link JOIN res_currency money ON money.id = link.currency_id"  # noqa: S608
    " WHERE link.id = %s"
)


class FynloPayLink(models.Model):
    """Amounts are whole minor units. Written by the link's own services alone.

    The token is made of a random nonce and the pepper, so it can be shown again while the link lives,
    and neither a copy of the database nor the nonce alone opens it; looked up is its hash.
    """

    _name = "fynlo.pay.link"
    _inherit = ["fynlo.resource.mixin"]
    _description = "Pay link"
    _order = "id desc"
    _rec_name = "fynlo_uuid"
    _resource_name = "pay link"

    order_id = fields.Many2one("pos.order", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    config_id = fields.Many2one("pos.config", "Location", required=True, readonly=True, index=True)
    employee_id = fields.Many2one("hr.employee", "Made by", readonly=True)
    device_id = fields.Many2one("fynlo.device", readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount = fields.Integer("Amount (minor units)", required=True, readonly=True)
    tip = fields.Integer("Tip (minor units)", required=True, readonly=True)
    bill = fields.Integer("Total of the order then (minor units)", required=True, readonly=True)
    share_uuid = fields.Char("Share of the bill", readonly=True)
    complete = fields.Boolean("Completes the order", readonly=True)
    state = fields.Selection(
        [(name, name.capitalize()) for name in PAY_LINK_STATES], required=True, readonly=True, default="created"
    )
    reason = fields.Char(readonly=True, help="Why it is over, or why the last payment came to nothing.")
    ending = fields.Char("Ends as", readonly=True, help="What it becomes as soon as the payment under way is over.")
    payment_id = fields.Many2one("fynlo.payment", "Last payment", readonly=True, index="btree_not_null")
    expires_at = fields.Datetime(required=True, readonly=True)
    nonce = fields.Char(required=True, readonly=True, groups="base.group_system")
    token_hash = fields.Char(required=True, readonly=True, groups="base.group_system")
    version = fields.Integer(default=1, required=True, readonly=True)

    _token_unique = models.UniqueIndex("(token_hash)")
    _waiting = models.Index("(order_id) WHERE state IN ('created', 'shown', 'opened')")
    _timed = models.Index("(expires_at) WHERE state IN ('created', 'shown', 'opened', 'paying')")
    _amounts_fit = models.Constraint("CHECK(amount > 0 AND tip >= 0)", "A link is of more than nothing.")

    # --- address -------------------------------------------------------------------------

    @api.model
    def _new_secret(self):
        """The columns of a fresh token: 128 random bits."""
        nonce = secrets.token_hex(TOKEN_BYTES)
        return {"nonce": nonce, "token_hash": digest(_token_of(nonce))}

    def _token(self):
        return _token_of(self.sudo().nonce)

    def _url(self):
        """The address that the QR code holds."""
        return f"{settings().public_url}/pay/{self._token()}"

    @api.model
    def _of_token(self, token):
        """The link behind a token. Raises ``not_found``, whatever is wrong with it."""
        link = self.sudo().browse()
        if TOKEN.fullmatch(token):
            link = link.search([("token_hash", "=", digest(token))], limit=1)
        if not link:
            raise NotFound(self.env._("There is no such link."))
        return link

    @api.model
    def _of_reference(self, reference):
        """The link of the payment that a provider calls ``reference``. Raises ``not_found``."""
        payment = self.env["fynlo.payment"].sudo()
        if REFERENCE.fullmatch(reference):
            payment = payment.search(
                [("provider_reference", "=", reference), ("pay_link_id", "!=", False)], limit=1, order="id desc"
            )
        if not payment:
            raise NotFound(self.env._("There is no such link."))
        return payment.pay_link_id

    # --- reading -------------------------------------------------------------------------

    def _api_values(self):
        self.env.flush_all()
        self.env.cr.execute(READ, (self.id,))
        return self.env.cr.fetchone()[0]

    def _state_now(self):
        """The state, also when nobody has noted yet that the time is over."""
        return "expired" if self.state in WAITING and self.expires_at <= now() else self.state

    def _identity(self):
        """Who made the link, without permissions: in that name the guest's payment is taken."""
        return taker(self)

    # --- writing -------------------------------------------------------------------------

    def _lock(self):
        """Lock the order and then the link, as every step does, and read it anew."""
        self.env.cr.execute("SELECT id FROM pos_order WHERE id = %s FOR UPDATE", (self.order_id.id,))
        self.env.cr.execute("SELECT id FROM fynlo_pay_link WHERE id = %s FOR UPDATE", (self.id,))
        self.invalidate_recordset()
        return self

    def _move(self, state, **values):
        """Bring a locked link to ``state``, or leave it there, and announce it. Raises ``illegal_transition``."""
        if state != self.state:
            require_transition(self.env, PAY_LINK_STATES, self.state, state)
        self.write({"state": state, **values, "version": self.version + 1})
        self._announce()

    def _announce(self):
        """Tell the tills of the location."""
        document = self._api_values()
        topic = f"l.{self.config_id.fynlo_uuid}.payments"
        self.env["fynlo.outbox"]._emit(self.company_id.id, topic, "pay_link.updated", self.fynlo_uuid, document)

    def _note(self, state):
        """A step that only tells how far the guest has come: taken once, and never back."""
        link = self._lock()
        if link._state_now() in LIVE and state in PAY_LINK_STATES[link.state] and link.state != "paying":
            link._move(state)


def _token_of(nonce):
    """22 characters that are safe in an address."""
    return base64.urlsafe_b64encode(bytes.fromhex(keyed(PURPOSE, nonce))[:TOKEN_BYTES]).rstrip(b"=").decode()
