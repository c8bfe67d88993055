"""What an attempt with a tender outside this server keeps, so that it can be asked after by anybody, at any time."""

from datetime import UTC

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.rest.call import Identity
from odoo.addons.fynlo_pos_core.rest.prepared_statement import PreparedStatement

from ..providers.connection import Leg
from ..providers.provider import PREFIX

CATALOGUE_VERSION = PreparedStatement(
    "SELECT coalesce(max(version), 0) FROM fynlo_catalogue WHERE company_id = %(company)s"
)


class FynloPayment(models.Model):
    _inherit = "fynlo.payment"

    payment_method_id = fields.Many2one("pos.payment.method", "Booked as", readonly=True, ondelete="restrict")
    provider_key = fields.Char("Idempotency key at the provider", readonly=True, groups="base.group_system")
    provider_mode = fields.Selection([("test", "Test"), ("live", "Live")], "Made in mode", readonly=True)
    provider_account = fields.Char("Made at the account", readonly=True)
    provider_secret_name = fields.Char("Made with the key named", readonly=True, groups="base.group_system")
    idempotency_scope = fields.Char(readonly=True, groups="base.group_system")
    idempotency_key = fields.Char("The till's idempotency key", readonly=True, groups="base.group_system")
    application_fee = fields.Integer("Fynlo's fee (minor units)", readonly=True)
    manual_capture = fields.Boolean("Captured later", readonly=True)
    capture_amount = fields.Integer("To be captured (minor units)", readonly=True)
    complete_after = fields.Boolean("Completes the order", readonly=True)
    cancel_wanted = fields.Boolean("Cancellation asked for", readonly=True)
    provider_alias = fields.Char(
        "Other name at the provider",
        readonly=True,
        index="btree_not_null",
        help="What the provider's notifications and reports may call the payment instead.",
    )
    sent_at = fields.Datetime(readonly=True)
    next_look_at = fields.Datetime("Looked at next", readonly=True, index="btree_not_null")
    looks = fields.Integer("Times looked at", readonly=True)
    expires_at = fields.Datetime(readonly=True)
    capture_before = fields.Datetime(readonly=True)
    card_brand = fields.Char(readonly=True)
    card_last4 = fields.Char("Last four digits of the card", readonly=True, size=4)
    card_funding = fields.Char(readonly=True)

    _provider_key_once = models.UniqueIndex("(provider_key) WHERE provider_key IS NOT NULL")

    def _is_outside(self):
        """Whether a provider outside this server took the money. Asks the tender alone: it costs no query."""
        provider = self.env.get(PREFIX + self.method)
        return provider is not None and not provider._immediate

    def _charged(self):
        """All that the guest is asked for, in minor units."""
        return self.amount + self.tip + self.surcharge

    def _at_provider(self, details=None):
        """The attempt as its provider sees it, and the connection to the provider.

        Raises :class:`~..providers.connection.ProviderUnavailable` when the keys that are here no longer reach
        where it was made.
        """
        attempt = self.sudo()
        leg = Leg(
            uuid=attempt.fynlo_uuid,
            key=attempt.provider_key,
            amount=attempt._charged(),
            currency=attempt.currency_id.name,
            order_uuid=attempt.order_id.uuid,
            location_uuid=attempt.config_id.fynlo_uuid,
            application_fee=attempt.application_fee,
            manual_capture=attempt.manual_capture,
            reference=attempt.provider_reference or None,
            sent_at=attempt.sent_at.replace(tzinfo=UTC) if attempt.sent_at else None,
            details=details or {},
        )
        return leg, attempt._provider()._connection_of(attempt)

    @api.private
    def _taker(self):
        """Who took the payment, as an identity without permissions: what follows is the payment's own doing."""
        return taker(self)


def taker(record):
    """Who made a payment or a pay link, as an identity without permissions."""
    made, employee, device = record.sudo(), record.sudo().employee_id, record.sudo().device_id
    company, location = made.company_id, made.config_id
    CATALOGUE_VERSION.execute(record.env.cr, company=company.id)
    (catalogue_version,) = record.env.cr.fetchone()
    return Identity(
        user_id=made.create_uid.id,
        employee_id=employee.id or 0,
        employee_uuid=employee.fynlo_uuid or None,
        employee_name=employee.name or "",
        device_id=device.id or 0,
        device_uuid=device.fynlo_uuid or None,
        device_prefix=device.number_prefix or "",
        location_id=location.id,
        location_uuid=location.fynlo_uuid,
        company_id=company.id,
        company_uuid=company.fynlo_uuid,
        role="",
        session_id=0,
        catalogue_version=catalogue_version,
    )
