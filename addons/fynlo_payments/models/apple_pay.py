"""Apple Pay on the payment page: whether it is offered, what the sheet asks for, and which tokens are refused."""

import base64
import json
import re
from decimal import Decimal
from hashlib import sha256

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.rest import Problem, declare

from ..apple_pay.decryption import Expected
from ..apple_pay.key_store import KeyUnusable
from ..apple_pay.merchant_session import Merchant
from ..apple_pay.opening import TokenOpener
from ..apple_pay.settings import apple_pay_settings
from ..apple_pay.token import TokenRefused
from ..providers.connection import ProviderUnavailable
from ..providers.stripe_client import environment

#: The tender that takes what the sheet yields: Stripe holds the processing key.
CARD = "stripe"
STRIPE = "https://api.stripe.com"
#: Version of Apple's JavaScript interface that the request is written for.
SHEET_VERSION = 3
#: What Stripe gives for a token of Apple's, and for a payment method made of it, and what our client calls them.
STRIPE_ID = re.compile(r"(tok|pm)_[A-Za-z0-9_]{4,200}")
DETAIL = {"tok": "token", "pm": "payment_method"}
NETWORKS = ("visa", "masterCard", "amex", "maestro")
#: Apple asks for 30 days; a token is refused five minutes after it was made anyway.
REMEMBERED_DAYS = 35

declare(
    "apple_pay_unavailable",
    409,
    "Apple Pay not offered",
    "The restaurant is not set up for Apple Pay.",
    "Offer the other ways to pay.",
)
declare(
    "apple_pay_token_refused",
    422,
    "Apple Pay token refused",
    "This is no token that can be charged here; the reason says which check it failed. Nothing was charged or kept.",
    "Send the id that Stripe gave for it (tok_ or pm_), never Apple's own token. Let the guest try once more.",
)
declare(
    "apple_pay_processor_missing",
    422,
    "No processor for opened tokens",
    "The token is genuine, but no processor here takes the device account number in it. Nothing was charged or kept.",
    "Switch FYNLO_APPLE_PAY_DIRECT off and send the id that Stripe gave for the token.",
)


class FynloApplePay(models.AbstractModel):
    _name = "fynlo.apple.pay"
    _description = "Apple Pay"

    # --- set-up --------------------------------------------------------------------------

    @api.model
    def _lacking(self, location):
        """What a location (``pos.config``) lacks to offer Apple Pay, as codes in the order of the set-up."""
        chosen = apple_pay_settings()
        checks = {
            "folder": chosen.folder is not None,
            "domain": bool(chosen.domain),
            "gateway": self._gateway() is not None,
            "domain_file": chosen.association() is not None,
            "country": bool(location.company_id.country_id),
            "certificate": bool(chosen.folder) and self._certificate(location.company_id) is not None,
            "card_processor": self._card_processor(location) is not None,
        }
        return [code for code, there in checks.items() if not there]

    def _gateway(self):
        try:
            return apple_pay_settings().asked_gateway()
        except ValueError:
            return None

    def _certificate(self, company):
        """The certificate to ask sessions with, and the file of its key; ``None`` without either."""
        certificates = self.env["fynlo.apple.pay.certificate"]
        record = certificates._identity(company)
        if not record:
            return None
        try:
            return record, certificates._store(company).key_file(record.public_key_hash)
        except KeyUnusable:
            return None

    @api.model
    def _card_processor(self, location):
        """Where the page takes Apple's token to, and as whom; ``None`` while the location takes no cards.

        ``key`` is the publishable one. The token goes there straight from the guest's phone, and never to us.
        """
        try:
            public = self.env["fynlo.stripe.connection"]._public(location)
        except ProviderUnavailable:
            return None
        base = environment.api_base(public["livemode"]) or STRIPE
        named = {"url": f"{base}/v1/tokens", "key": public["publishable_key"], "account": public["account"]}
        return named if named["key"] else None

    def _require(self, location):
        """Raises ``apple_pay_unavailable`` unless the location offers Apple Pay."""
        if self._lacking(location):
            raise Problem("apple_pay_unavailable", self.env._("Apple Pay is not offered here."))

    # --- sheet ---------------------------------------------------------------------------

    @api.model
    def _merchant(self, location):
        """Who asks Apple for a session, and the gateway to ask: what ``ask_session`` takes.

        Domain and gateway are our own settings; what a browser says of either is never used. Raises
        ``apple_pay_unavailable``.
        """
        self._require(location)
        record, key_file = self._certificate(location.company_id)
        merchant = Merchant(
            merchant_id=record.merchant_id,
            display_name=location.company_id.name,
            domain=apple_pay_settings().domain,
            certificate_file=self.env["fynlo.apple.pay.certificate"]
            ._store(location.company_id)
            .certificate_file(record.pem),
            key_file=key_file,
        )
        return merchant, self._gateway()

    @api.model
    def _payment_request(self, location, minor, leg_uuid):
        """What the sheet asks the guest to agree to: ``minor`` units to this restaurant, for this leg alone.

        Raises ``apple_pay_unavailable``.
        """
        self._require(location)
        company, currency = location.company_id, location.currency_id
        return {
            "countryCode": company.country_id.code,
            "currencyCode": currency.name,
            "merchantCapabilities": ["supports3DS"],
            "supportedNetworks": list(NETWORKS),
            "total": {
                "label": company.name[:64],
                "type": "final",
                "amount": str(Decimal(minor).scaleb(-currency.decimal_places)),
            },
            "applicationData": base64.b64encode(bound(leg_uuid)).decode(),
        }

    # --- tokens --------------------------------------------------------------------------

    @api.model
    def _begin(self, link, token):
        """Reserve the payment of a link with what Stripe made of the guest's token.

        Returns the payment's row id, the details for the provider, and whether it is new: a second tap goes
        on with the first. Raises ``apple_pay_token_refused``, ``apple_pay_unavailable``, ``too_many_declines``,
        ``pay_link_over`` and as taking a payment does.
        """
        found = STRIPE_ID.fullmatch(token)
        if not found:
            raise self._refusal("not_of_stripe")
        self._require(link.config_id)
        is_new = link._lock().state != "paying"
        payment_id = self.env["fynlo.pay.page"]._begin(link, CARD)
        if payment_id is None:
            raise self.env["fynlo.pay.link.service"]._over(link)
        return payment_id, {DETAIL[found[1]]: token}, is_new

    @api.model
    def _refuse_token(self, location, token, minor, leg_uuid):
        """What becomes of Apple's own token: it is never charged here, so this always raises.

        ``apple_pay_token_refused`` names the check that it failed; with own decryption on, a genuine one
        ends in ``apple_pay_processor_missing``. Only that its transaction was seen is remembered.
        """
        if not apple_pay_settings().direct:
            raise self._refusal("decryption_off")
        payment_data = token.get("paymentData", token)
        opener = TokenOpener(
            self.env["fynlo.apple.pay.certificate"]._processing_keys(location.company_id),
            self.env["fynlo.apple.pay.seen"],
        )
        expected = Expected(minor, f"{location.currency_id.iso_numeric:03d}", bound(leg_uuid))
        try:
            opener.open(json.dumps(payment_data).encode(), leg_uuid, expected)
        except TokenRefused as refused:
            raise self._refusal(refused.code) from None
        raise Problem(
            "apple_pay_processor_missing",
            self.env._("This way to charge Apple Pay is not connected. Pay by card or bank instead."),
            lasting=True,
        )

    def _refusal(self, reason):
        """Lasting, so that a transaction that was seen stays seen."""
        return Problem(
            "apple_pay_token_refused", self.env._("Apple Pay could not be used."), reason=reason, lasting=True
        )


class FynloApplePaySeen(models.Model):
    """Transactions of tokens that were brought to us, as hashes; each belongs to the first leg that brought it."""

    _name = "fynlo.apple.pay.seen"
    _description = "Apple Pay transaction that was seen"
    _log_access = False
    _rec_name = "leg_uuid"

    transaction_hash = fields.Char(required=True, readonly=True)
    leg_uuid = fields.Char(required=True, readonly=True)
    seen_at = fields.Datetime(required=True, readonly=True)

    _once = models.UniqueIndex("(transaction_hash)")

    @api.model
    def claim(self, transaction_id, leg_uuid):
        """As ``SeenTokens`` promises: of several legs that race for a transaction one gets it."""
        hashed = sha256(transaction_id.encode()).hexdigest()
        self.env.cr.execute(
            """INSERT INTO fynlo_apple_pay_seen (transaction_hash, leg_uuid, seen_at)
               VALUES (%s, %s, now() AT TIME ZONE 'UTC') ON CONFLICT DO NOTHING""",
            (hashed, leg_uuid),
        )
        self.env.cr.execute("SELECT leg_uuid FROM fynlo_apple_pay_seen WHERE transaction_hash = %s", (hashed,))
        return self.env.cr.fetchone() == (leg_uuid,)

    @api.autovacuum
    def _gc_seen(self):
        self.env.cr.execute(
            "DELETE FROM fynlo_apple_pay_seen WHERE seen_at < (now() AT TIME ZONE 'UTC') - %s * interval '1 day'",
            (REMEMBERED_DAYS,),
        )


def bound(leg_uuid):
    """What the request carries and the token proves: a token made for one leg opens for no other."""
    return f"fynlo:{leg_uuid}".encode()
