"""Pairing codes: ten minutes in which one device may join a location."""

import secrets
from datetime import timedelta

from odoo import api, fields, models

from ...rest import Problem, declare
from ...tools import secret_hash
from ...tools.clock import now, wire

LIFETIME = timedelta(minutes=10)
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without 0 O, 1 I L: a code is read out across a kitchen
KEEP_DAYS = 7

declare(
    "pairing_code_invalid",
    401,
    "Pairing code not valid",
    "The code is unknown, was used, or is older than ten minutes.",
    "Ask a manager for a new code.",
)


class FynloPairingCode(models.Model):
    _name = "fynlo.pairing.code"
    _description = "Pairing code"
    _log_access = False
    _order = "id desc"
    _rec_name = "name"

    name = fields.Char("Device name", required=True, readonly=True)
    code_hash = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    config_id = fields.Many2one("pos.config", "Location", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="config_id.company_id", store=True)
    made_by = fields.Char(readonly=True)
    created_at = fields.Datetime(required=True, readonly=True)
    expires_at = fields.Datetime(required=True, readonly=True)
    used_at = fields.Datetime(readonly=True)
    device_id = fields.Many2one("fynlo.device", readonly=True, ondelete="set null")

    _code_unique = models.UniqueIndex("(code_hash)")

    @api.model
    def _make(self, location, name, made_by):
        """A new code for ``location``; returns the record and the code in clear."""
        letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
        code = f"{letters[:4]}-{letters[4:]}"
        moment = now()
        record = self.sudo().create(
            {
                "name": name,
                "code_hash": _hash(code),
                "config_id": location.id,
                "made_by": made_by,
                "created_at": moment,
                "expires_at": moment + LIFETIME,
            }
        )
        self.env["fynlo.audit.log"]._record(
            "device.pairing_code_made",
            company_id=location.sudo().company_id.id,
            resource=("location", location.sudo().fynlo_uuid),
            after={"name": name},
        )
        return record, code

    @api.model
    def _redeem(self, code, *, name, platform, app_version):
        """Pair a device; returns it and its key. Raises ``pairing_code_invalid``.

        The row is locked, so of two devices that send one code only one is paired.
        """
        self.env.cr.execute(
            "SELECT id FROM fynlo_pairing_code WHERE code_hash = %s AND used_at IS NULL AND expires_at > %s FOR UPDATE",
            (_hash(code), now()),
        )
        found = self.env.cr.fetchone()
        record = self.sudo().browse(found[0]) if found else self.browse()
        if not record or not record.config_id.active:
            raise Problem("pairing_code_invalid", "This code is not valid. Ask for a new one.")
        device, key = self.env["fynlo.device"]._pair_new(
            record.config_id, name or record.name, platform, app_version, paired_by=record.made_by
        )
        record.write({"used_at": now(), "device_id": device.id})
        return device, key

    def _expires_wire(self):
        return wire(self.expires_at)

    @api.autovacuum
    def _gc_old_codes(self):
        self.sudo().search([("expires_at", "<", now() - timedelta(days=KEEP_DAYS))], limit=1000).unlink()


def _hash(code):
    """Codes are compared without case, dash or spaces, as people type them."""
    return secret_hash.keyed("pairing", "".join(char for char in code.upper() if char.isalnum()))
