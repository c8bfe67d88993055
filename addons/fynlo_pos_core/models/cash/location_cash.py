"""A location's rules for counting its drawer, and its last Z number."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class PosConfig(models.Model):
    _inherit = "pos.config"

    fynlo_over_short_limit = fields.Monetary(
        "Cash difference allowed",
        default=5.0,
        currency_field="currency_id",
        help="A count that is further off is asked for once more, and closing then needs a note.",
    )
    fynlo_last_z = fields.Integer("Last Z number", readonly=True, copy=False, help="Counts without gaps.")

    @api.constrains("fynlo_over_short_limit")
    def _check_fynlo_over_short_limit(self):
        if any(location.fynlo_over_short_limit < 0 for location in self):
            raise ValidationError(self.env._("The allowed cash difference cannot be negative."))

    def _fynlo_take_z_number(self):
        """The next Z number of this location; its row stays locked until the commit, so none is lost."""
        self.ensure_one()
        self.env.cr.execute(
            "UPDATE pos_config SET fynlo_last_z = coalesce(fynlo_last_z, 0) + 1 WHERE id = %s RETURNING fynlo_last_z",
            (self.id,),
        )
        self.invalidate_recordset(["fynlo_last_z"], flush=False)
        return self.env.cr.fetchone()[0]
