"""Apple Pay certificates: until when they hold, and which key file each belongs to. Keys are never stored here."""

import base64
import math
from datetime import UTC
from hashlib import sha256

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.engine.health import Reading
from odoo.addons.fynlo_pos_core.models.system.transition import require_transition
from odoo.exceptions import UserError

from ..apple_pay.certificates import (
    IDENTITY,
    PROCESSING,
    CertificateUnusable,
    processing_key,
    read_certificate,
    read_private_key,
)
from ..apple_pay.key_store import KeyStore, KeyUnusable
from ..apple_pay.settings import apple_pay_settings

#: state → states it may move to. Several may be active at once: while one takes over from another.
CERTIFICATE_STATES = {
    "requested": frozenset({"active", "retired"}),
    "active": frozenset({"retired"}),
    "retired": frozenset({"active"}),
}


class FynloApplePayCertificate(models.Model):
    """Written by its own methods alone, which note each change in the audit log."""

    _name = "fynlo.apple.pay.certificate"
    _inherit = ["fynlo.resource.mixin"]
    _description = "Apple Pay certificate"
    _order = "expires_at desc, id desc"
    _rec_name = "merchant_id"
    _resource_name = "apple_pay_certificate"

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="cascade")
    kind = fields.Selection(
        [(IDENTITY, "Merchant identity"), (PROCESSING, "Payment processing")], required=True, readonly=True
    )
    state = fields.Selection(
        [("requested", "Requested"), ("active", "Active"), ("retired", "Retired")],
        required=True,
        readonly=True,
        default="requested",
    )
    key_place = fields.Selection(
        [("here", "On this server"), ("processor", "At the card processor")],
        "Private key",
        required=True,
        readonly=True,
        default="here",
    )
    merchant_id = fields.Char("Merchant ID", required=True, readonly=True)
    public_key_hash = fields.Char(
        required=True, readonly=True, help="Payment tokens name the key that they need by it."
    )
    fingerprint = fields.Char(readonly=True)
    pem = fields.Text("Certificate", readonly=True)
    request = fields.Text("Signing request", readonly=True, help="Upload this at Apple to get the certificate.")
    request_file = fields.Binary("Signing request as a file", compute="_compute_request_file")
    request_name = fields.Char(compute="_compute_request_file")
    valid_from = fields.Datetime(readonly=True)
    expires_at = fields.Datetime("Expires", readonly=True)
    days_left = fields.Integer(compute="_compute_days_left")

    _once = models.UniqueIndex(
        "(company_id, fingerprint) WHERE fingerprint IS NOT NULL", "This certificate is there already."
    )

    @api.depends("request")
    def _compute_request_file(self):
        for record in self:
            record.request_file = base64.b64encode(record.request.encode()) if record.request else False
            record.request_name = f"{record.merchant_id}.{record.kind}.certSigningRequest"

    @api.depends("expires_at")
    def _compute_days_left(self):
        now = fields.Datetime.now()
        for record in self:
            record.days_left = (record.expires_at - now).days if record.expires_at else 0

    # --- keeping -------------------------------------------------------------------------

    @api.model
    def _store(self, company):
        """Where the company's keys lie. Raises ``UserError`` when the operator named no folder."""
        folder = apple_pay_settings().folder
        if not folder:
            raise UserError(self.env._("Set FYNLO_APPLE_PAY_DIR to a folder of the server first: keys are kept there."))
        return KeyStore(folder / company.sudo().fynlo_uuid)

    @api.model
    def _ask(self, company, kind, merchant_id):
        """Make a key on this server and the request with which Apple signs a certificate for it."""
        request, public_key_hash = self._store(company).request(kind, merchant_id)
        record = self.sudo().create(
            {
                "company_id": company.id,
                "kind": kind,
                "merchant_id": merchant_id,
                "public_key_hash": public_key_hash,
                "request": request,
            }
        )
        record._log("requested")
        return record

    @api.model
    def _add(self, company, raw, key_place="here"):
        """Take a certificate (PEM or DER) into use; the same one again changes nothing.

        Its key must lie in the company's folder unless the card processor holds it. Raises
        ``UserError`` for a certificate that has run out, is none of Apple Pay's or has no key here.
        """
        certificate = self._read(raw)
        fingerprint = sha256(certificate.pem.encode()).hexdigest()
        mine = self.sudo().search([("company_id", "=", company.id)])
        known = mine.filtered(lambda one: one.fingerprint == fingerprint)
        if known:
            return known
        if key_place == "here":
            self._check_key(company, certificate)
        values = {
            "kind": certificate.kind,
            "state": "active",
            "key_place": key_place,
            "merchant_id": certificate.merchant_id,
            "public_key_hash": certificate.public_key_hash,
            "fingerprint": fingerprint,
            "pem": certificate.pem,
            "valid_from": _naive(certificate.valid_from),
            "expires_at": _naive(certificate.expires_at),
        }
        record = mine.filtered(
            lambda one: one.state == "requested" and one.public_key_hash == certificate.public_key_hash
        )[:1]
        if record:
            record.write(values)
        else:
            record = self.sudo().create({"company_id": company.id, **values})
        record._log("added")
        return record

    def _read(self, raw):
        try:
            certificate = read_certificate(raw)
        except CertificateUnusable as refusal:
            raise UserError(self._sentence(refusal.code)) from None
        if _naive(certificate.expires_at) <= fields.Datetime.now():
            raise UserError(self.env._("This certificate has run out. Ask Apple for a new one."))
        return certificate

    def _check_key(self, company, certificate):
        """Raises ``UserError`` unless the key of the certificate lies in the company's folder."""
        try:
            raw = self._store(company).key_file(certificate.public_key_hash).read_bytes()
            read_private_key(raw, certificate)
        except (CertificateUnusable, KeyUnusable) as refusal:
            raise UserError(self._sentence(refusal.code)) from None

    def _sentence(self, code):
        """What is wrong, for people."""
        sentences = {
            "not_a_certificate": self.env._("This file holds no certificate."),
            "not_apple_pay": self.env._("This is no certificate of Apple Pay: it names no merchant ID."),
            "not_a_key": self.env._("This file holds no private key, or one with a password."),
            "other_key": self.env._("The private key belongs to another certificate."),
            "key_missing": self.env._("The private key of this certificate is not on this server. Upload it too."),
            "key_exposed": self.env._("Others can read the private key on this server. Give its file the mode 0400."),
        }
        return sentences[code]

    # --- using ---------------------------------------------------------------------------

    @api.model
    def _identity(self, company):
        """The certificate that merchant sessions are asked with, the one that holds longest; or none."""
        now = fields.Datetime.now()
        return self.sudo().search(
            [
                ("company_id", "=", company.id),
                ("kind", "=", IDENTITY),
                ("state", "=", "active"),
                ("valid_from", "<=", now),
                ("expires_at", ">", now),
            ],
            limit=1,
        )

    @api.model
    def _processing_keys(self, company):
        """The keys of all active processing certificates that this server holds, by their public key's hash.

        One whose file is gone or open to others is left out.
        """
        domain = [("company_id", "=", company.id), ("kind", "=", PROCESSING), ("state", "=", "active")]
        keys = {}
        for record in self.sudo().search([*domain, ("key_place", "=", "here")]):
            try:
                raw = self._store(company).key_file(record.public_key_hash).read_bytes()
                keys[record.public_key_hash] = processing_key(raw, read_certificate(record.pem.encode()))
            except (CertificateUnusable, KeyUnusable):
                continue
        return keys

    def action_retire(self):
        """Back office: out of use from now on. Its key's file stays; the operator removes it."""
        self._move("retired")

    def action_use_again(self):
        """Back office: back into use. Raises ``UserError`` when it has run out or its key is gone."""
        for record in self:
            if not record.pem:
                raise UserError(self.env._("Apple has not signed this one yet. Upload its certificate."))
            certificate = self._read(record.sudo().pem.encode())
            if record.key_place == "here":
                self._check_key(record.company_id, certificate)
        self._move("active")

    def _move(self, state):
        self.check_access("read")
        for record in self.sudo():
            if record.state != state:
                require_transition(self.env, CERTIFICATE_STATES, record.state, state)
                record.state = state
                record._log(state)

    def _log(self, what):
        self.env["fynlo.audit.log"].sudo()._record(
            f"apple_pay_certificate.{what}",
            company_id=self.company_id.id,
            resource=("apple_pay_certificate", self.fynlo_uuid),
            after={
                "kind": self.kind,
                "merchant_id": self.merchant_id,
                "public_key_hash": self.public_key_hash,
                "expires_at": self.expires_at.isoformat() if self.expires_at else None,
            },
        )


class FynloHealth(models.AbstractModel):
    _inherit = "fynlo.health"

    def _health_checks(self):
        return super()._health_checks() | {
            "apple_pay_renewal": self._apple_pay_days,
            "apple_pay_expiry": self._apple_pay_days,
        }

    def _apple_pay_days(self):
        """Days left of each merchant's newest active certificate of a kind; an older one is being replaced."""
        return [
            Reading(
                math.floor(row["days"]),
                row["kind"].replace("_", " "),
                kind="apple_pay_certificate",
                key=row["fynlo_uuid"],
                name=row["merchant_id"],
                company_id=row["company_id"],
            )
            for row in self._rows(
                """SELECT DISTINCT ON (company_id, kind, merchant_id) fynlo_uuid, company_id, merchant_id, kind,
                          extract(epoch FROM expires_at - (now() AT TIME ZONE 'UTC'))::float / 86400 AS days
                     FROM fynlo_apple_pay_certificate
                    WHERE state = 'active' AND expires_at IS NOT NULL
                    ORDER BY company_id, kind, merchant_id, expires_at DESC"""
            )
        ]


def _naive(moment):
    """As Odoo keeps moments: in UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)
