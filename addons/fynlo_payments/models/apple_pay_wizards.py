"""Back office: ask Apple for a certificate, and take one into use."""

import base64
import binascii
import re

from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ..apple_pay.certificates import IDENTITY, PROCESSING, CertificateUnusable, read_certificate

MERCHANT_ID = re.compile(r"merchant\.[A-Za-z0-9.-]{1,100}")


class FynloApplePayRequest(models.TransientModel):  # pylint: disable=no-wizard-in-models  # beside its model, as all are
    """Makes a key on the server and shows the signing request for it."""

    _name = "fynlo.apple.pay.request"
    _description = "Ask Apple for a certificate"

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    kind = fields.Selection(
        [(IDENTITY, "Merchant identity"), (PROCESSING, "Payment processing")], required=True, default=IDENTITY
    )
    merchant_id = fields.Char("Merchant ID", required=True, help="As it was registered at Apple: merchant.com.example")

    def action_make(self):
        """Make the request and open it."""
        self.ensure_one()
        check_company(self)
        if not MERCHANT_ID.fullmatch(self.merchant_id):
            raise UserError(self.env._("A merchant ID is written merchant.com.example."))
        return open_form(self.env["fynlo.apple.pay.certificate"]._ask(self.company_id, self.kind, self.merchant_id))


class FynloApplePayUpload(models.TransientModel):  # pylint: disable=no-wizard-in-models  # beside its model, as all are
    """The key passes through: it goes to its file while the window is saved and is stored nowhere else."""

    _name = "fynlo.apple.pay.upload"
    _description = "Take a certificate into use"

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    certificate = fields.Binary(required=True, attachment=False, help="The .cer or .pem file from Apple.")
    key_place = fields.Selection(
        [("here", "On this server"), ("processor", "At the card processor")],
        "Private key",
        required=True,
        default="here",
        help="Stripe holds the key of a payment processing certificate that was made from Stripe's signing request.",
    )
    key = fields.Binary(
        "Key file",
        compute="_compute_key",
        inverse="_inverse_key",
        help="PEM, without a password. Not needed when the signing request was made here.",
    )

    def _compute_key(self):
        self.key = False

    def _inverse_key(self):
        certificates = self.env["fynlo.apple.pay.certificate"]
        for wizard in self.filtered("key"):
            check_company(wizard)
            try:
                certificate = read_certificate(wizard._raw("certificate"))
                certificates._store(wizard.company_id).keep(wizard._raw("key"), certificate)
            except CertificateUnusable as refusal:
                raise UserError(certificates._sentence(refusal.code)) from None

    def action_add(self):
        """Take the certificate into use and open it."""
        self.ensure_one()
        check_company(self)
        certificates = self.env["fynlo.apple.pay.certificate"]
        return open_form(certificates._add(self.company_id, self._raw("certificate"), self.key_place))

    def _raw(self, name):
        """The bytes of an uploaded file."""
        try:
            return base64.b64decode(self.with_context(bin_size=False)[name] or b"", validate=True)
        except binascii.Error:
            raise UserError(self.env._("The file did not arrive whole. Upload it again.")) from None


def check_company(wizard):
    """Certificates are a manager's, and of the companies that the user works in."""
    if wizard.company_id not in wizard.env.user.company_ids:
        raise AccessError(wizard.env._("You do not work in this company."))


def open_form(certificate):
    return {
        "type": "ir.actions.act_window",
        "res_model": certificate._name,
        "res_id": certificate.id,
        "view_mode": "form",
        "target": "current",
    }
