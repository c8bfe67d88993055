"""Back office: make a pairing code and show it with its QR."""

import base64
import json

import qrcode
from odoo import api, fields, models
from qrcode.image.svg import SvgPathImage

from ...tools.settings import settings


class FynloPairingWizard(models.TransientModel):
    """The code lives in this window alone; what is stored is its hash."""

    _name = "fynlo.pairing.wizard"
    _description = "Pair a device"

    config_id = fields.Many2one(
        "pos.config", "Location", required=True, default=lambda self: self.env["pos.config"].search([], limit=1)
    )
    name = fields.Char("Device name", required=True, default=lambda self: self.env._("Till"))
    code = fields.Char(readonly=True)
    expires_at = fields.Datetime(readonly=True)
    qr = fields.Binary("QR code", readonly=True, attachment=False)

    def action_make(self):
        """Make the code and show it in the same window."""
        self.ensure_one()
        self.config_id.check_access("read")
        record, code = self.env["fynlo.pairing.code"]._make(self.config_id, self.name, self.env.user.name)
        self.write(
            {"code": code, "expires_at": record.expires_at, "qr": _qr({"url": settings().public_url, "code": code})}
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "name": self.env._("Pair a device"),
        }

    @api.autovacuum
    def _gc_codes(self):
        """A code that is over need not be readable."""
        self.sudo().search([("expires_at", "<", fields.Datetime.now())]).unlink()


def _qr(content):
    """An SVG picture of ``content`` as JSON, in base64."""
    image = qrcode.make(json.dumps(content, separators=(",", ":")), image_factory=SvgPathImage, border=2)
    return base64.b64encode(image.to_string())
