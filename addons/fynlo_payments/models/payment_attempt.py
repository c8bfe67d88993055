"""What an attempt with a tender outside this server keeps, so that it can be asked after by anybody, at any time."""

from datetime import UTC

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.rest.call import Identity
from odoo.addons.fynlo_pos_core.rest.prepared_statement import PreparedStatement

from ..providers.connection import Leg
from ..providers.provider import PREFIX

TAKER = PreparedStatement(
    """SELECT location.fynlo_uuid, company.fynlo_uuid, employee.fynlo_uuid, employee.name, device.fynlo_uuid,
              device.number_prefix,
              (SELECT coalesce(max(version), 0) FROM fynlo_catalogue WHERE company_id = company.id)
         FROM pos_config location
         JOIN res_company company ON company.id = location.company_id
         LEFT JOIN hr_employee employee ON employee.id = %(employee)s
         LEFT JOIN fynlo_device device ON device.id = %(device)s
        WHERE location.id = %(location)s"""
)
#: By which names a provider is told what an attempt is for.
NAMES = PreparedStatement(
    """SELECT placed.uuid, location.fynlo_uuid, money.name
         FROM fynlo_payment payment
         JOIN pos_order placed ON placed.id = payment.order_id
         JOIN pos_config location ON location.id = payment.config_id
         JOIN res_currency money ON money.id = payment.currency_id
        WHERE payment.id = %(payment)s"""
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
        order_uuid, location_uuid, currency = attempt._names()
        leg = Leg(
            uuid=attempt.fynlo_uuid,
            key=attempt.provider_key,
            amount=attempt._charged(),
            currency=currency,
            order_uuid=order_uuid,
            location_uuid=location_uuid,
            application_fee=attempt.application_fee,
            manual_capture=attempt.manual_capture,
            reference=attempt.provider_reference or None,
            sent_at=attempt.sent_at.replace(tzinfo=UTC) if attempt.sent_at else None,
            details=details or {},
        )
        return leg, attempt._provider()._connection_of(attempt)

    def _names(self):
        """The ids of order and location, and the code of the currency; one query."""
        NAMES.execute(self.env.cr, payment=self.id)
        return self.env.cr.fetchone()

    @api.private
    def _taker(self):
        """Who took the payment, as an identity without permissions: what follows is the payment's own doing."""
        return taker(self)


def taker(record):
    """Who made a payment or a pay link, as an identity without permissions; one query beside the record's own."""
    made = record.sudo()
    employee_id, device_id, location_id = made.employee_id.id, made.device_id.id, made.config_id.id
    TAKER.execute(record.env.cr, employee=employee_id or None, device=device_id or None, location=location_id)
    location, company, employee, name, device, prefix, catalogue_version = record.env.cr.fetchone()
    return Identity(
        user_id=made.create_uid.id,
        employee_id=employee_id or 0,
        employee_uuid=employee,
        employee_name=name or "",
        device_id=device_id or 0,
        device_uuid=device,
        device_prefix=prefix or "",
        location_id=location_id,
        location_uuid=location,
        company_id=made.company_id.id,
        company_uuid=company,
        role="",
        session_id=0,
        catalogue_version=catalogue_version,
    )
