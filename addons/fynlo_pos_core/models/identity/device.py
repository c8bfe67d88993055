"""Devices: tills and kitchen screens, each paired once and known by a key of its own."""

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ...rest import Problem
from ...tools import secret_hash
from ...tools.clock import now, wire

#: What a person may change; the rest is the system's.
EDITABLE = frozenset({"name", "config_id"})


class FynloDevice(models.Model):
    _name = "fynlo.device"
    _inherit = ["fynlo.resource.mixin"]
    _description = "Paired device"
    _order = "state, config_id, number_prefix, id"
    _resource_name = "device"

    name = fields.Char(required=True)
    config_id = fields.Many2one("pos.config", "Location", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="config_id.company_id", store=True, index=True)
    state = fields.Selection(
        [("paired", "Paired"), ("revoked", "Revoked")], default="paired", required=True, readonly=True, index=True
    )
    key_hash = fields.Char(required=True, readonly=True, copy=False, groups=fields.NO_ACCESS)
    number_prefix = fields.Char("Prefix", required=True, readonly=True, help="Begins the numbers of its orders.")
    next_number = fields.Integer("Next order number", default=1, required=True, readonly=True, copy=False)
    platform = fields.Char(readonly=True)
    app_version = fields.Char(readonly=True)
    paired_at = fields.Datetime(required=True, readonly=True, default=lambda self: now())
    paired_by = fields.Char("Code made by", readonly=True)
    revoked_at = fields.Datetime(readonly=True)
    last_seen_at = fields.Datetime("Last sign-in", readonly=True)
    last_address = fields.Char("Last address", readonly=True)
    version = fields.Integer(default=1, required=True, readonly=True, copy=False)

    _key_unique = models.UniqueIndex("(key_hash)")

    @api.model
    def _pair_new(self, location, name, platform="", app_version="", paired_by=""):
        """Make a device at ``location``; returns it and its key, which is kept nowhere else."""
        key = secret_hash.new_secret()
        device = self.sudo().create(
            {
                "name": name,
                "config_id": location.id,
                "key_hash": secret_hash.keyed("device", key),
                "number_prefix": f"T{location.sudo()._fynlo_take_device_number()}",
                "platform": platform,
                "app_version": app_version,
                "paired_by": paired_by,
            }
        )
        device._log("device.paired", after={"name": name, "location": location.sudo().fynlo_uuid})
        return device, key

    @api.model
    def _by_key(self, key):
        """The device that holds ``key``. Raises ``token_invalid`` or ``device_revoked``."""
        device = self.sudo().search([("key_hash", "=", secret_hash.keyed("device", key))])
        if not device:
            raise Problem("token_invalid", "This device key is not one of ours.")
        if device.state != "paired" or not device.config_id.active:
            raise Problem("device_revoked", "This device was removed. Pair it again.")
        return device

    def write(self, vals):
        """A new name or place gives a new version and a line on the audit log; a move ends its sign-ins."""
        if not self.env.su and vals.keys() - EDITABLE:
            raise AccessError(self.env._("Only the name and location of a device can be changed."))
        if not EDITABLE & vals.keys():
            return super().write(vals)
        before = {device: device.sudo()._watched() for device in self}
        result = super().write(vals)
        for device in self.sudo():
            if device._watched() != before[device]:
                super(FynloDevice, device).write({"version": device.version + 1})
                device._log("device.changed", before=before[device], after=device._watched())
                if device.config_id.fynlo_uuid != before[device]["location"]:
                    self._session_model()._end(device._sessions(), "device_moved")
        return result

    def _revoke(self, reason=""):
        """Make the device's key and all its sign-ins worthless, at once. Safe to repeat."""
        for device in self.sudo().filtered(lambda one: one.state == "paired"):
            device.write({"state": "revoked", "revoked_at": now(), "version": device.version + 1})
            self._session_model()._end(device._sessions(), "device_revoked")
            device._log("device.revoked", before={"state": "paired"}, after={"state": "revoked"}, reason=reason)
            self.env["fynlo.outbox"]._emit(
                device.company_id.id,
                f"d.{device.fynlo_uuid}",
                "device.revoked",
                device.fynlo_uuid,
                {"id": device.fynlo_uuid, "name": device.name},
            )

    def action_revoke(self):
        """Back office: revoke the selected devices, as far as the user may change them."""
        self.check_access("write")
        self.sudo()._revoke()

    def _seen(self, address, app_version=None, platform=None):
        """Note a sign-in or refresh from this device."""
        news = {"last_seen_at": now(), "last_address": address}
        if app_version:
            news["app_version"] = app_version[:60]
        if platform:
            news["platform"] = platform[:60]
        self.sudo().write(news)

    def _session_model(self):
        return self.env["fynlo.session"].sudo()

    def _sessions(self):
        return self._session_model().search([("device_id", "in", self.ids), ("state", "=", "active")])

    def _watched(self):
        return {"name": self.name, "location": self.config_id.fynlo_uuid}

    def _log(self, action, **details):
        self.env["fynlo.audit.log"]._record(
            action, company_id=self.company_id.id, resource=("device", self.fynlo_uuid), **details
        )

    def _api_values(self):
        return {
            "id": self.fynlo_uuid,
            "name": self.name,
            "location": {"id": self.config_id.fynlo_uuid, "name": self.config_id.name},
            "number_prefix": self.number_prefix,
            "state": self.state,
            "platform": self.platform or None,
            "app_version": self.app_version or None,
            "paired_at": wire(self.paired_at),
            "last_seen_at": wire(self.last_seen_at or None),
            "revoked_at": wire(self.revoked_at or None),
            "version": self.version,
        }
