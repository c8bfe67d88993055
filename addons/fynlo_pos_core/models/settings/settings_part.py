"""Records that keep settings: whoever changes them, tills hear of it and the audit log tells it."""

from odoo import api, models


class FynloSettingsPart(models.AbstractModel):
    _name = "fynlo.settings.part"
    _description = "Keeps settings"

    #: Whether these records are the locations or companies themselves.
    _has_settings = False

    @api.model_create_multi
    def create(self, vals_list):
        """What is new has no settings yet that anybody could work by."""
        records = super().create(vals_list)
        if self._has_settings:
            self.env["fynlo.settings"]._greet(records)
        return records

    def write(self, vals):
        self.env["fynlo.settings"]._watch(self, vals)
        return super().write(vals)

    def _settings_owners(self):
        """The locations or companies whose settings these records keep."""
        return self


class PosConfig(models.Model):
    _name = "pos.config"
    _inherit = ["pos.config", "fynlo.settings.part"]
    _has_settings = True


class ResCompany(models.Model):
    _name = "res.company"
    _inherit = ["res.company", "fynlo.settings.part"]
    _has_settings = True


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "fynlo.settings.part"]

    def _settings_owners(self):
        """Of all the world's addresses only those of companies matter."""
        return self.env["res.company"].search([("partner_id", "in", self.ids)])
