"""Companies: each has its public id, its permission version and its sign-in rules."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

MAX_PIN_SESSION_HOURS = 24
MAX_SESSION_DAYS = 90


class ResCompany(models.Model):
    _name = "res.company"
    _inherit = ["res.company", "fynlo.resource.mixin"]
    _resource_name = "company"

    fynlo_perm_version = fields.Integer(
        "Permission version",
        readonly=True,
        copy=False,
        help="Changes with the permission map and with anyone's role; cached permissions go by it.",
    )
    fynlo_settings_version = fields.Integer(
        readonly=True, copy=False, help="Changes with any setting of the company or its locations."
    )
    fynlo_pin_session_hours = fields.Integer(
        "Till sign-in lasts (hours)",
        default=16,
        required=True,
        help="After this time an employee who signed in by PIN must enter it again.",
    )
    fynlo_session_days = fields.Integer(
        "Password sign-in lasts (days)",
        default=30,
        required=True,
        help="After this time an employee who signed in by e-mail and password must do so again.",
    )

    @api.constrains("fynlo_pin_session_hours", "fynlo_session_days")
    def _check_fynlo_session_lengths(self):
        for company in self:
            if not 1 <= company.fynlo_pin_session_hours <= MAX_PIN_SESSION_HOURS:
                raise ValidationError(self.env._("A till sign-in lasts from 1 to %s hours.", MAX_PIN_SESSION_HOURS))
            if not 1 <= company.fynlo_session_days <= MAX_SESSION_DAYS:
                raise ValidationError(self.env._("A password sign-in lasts from 1 to %s days.", MAX_SESSION_DAYS))

    def init(self):
        """Sequences, because unlike counters they never give the same number twice, even after a rollback."""
        self.env.cr.execute("CREATE SEQUENCE IF NOT EXISTS fynlo_perm_version_seq AS integer")
        self.env.cr.execute("CREATE SEQUENCE IF NOT EXISTS fynlo_settings_version_seq AS integer")

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        self.env["fynlo.permission.map"].sudo()._fill(companies)
        return companies

    def _fynlo_bump_permissions(self, employees=None):
        """Make every cached permission of these companies stale, from this transaction's commit on.

        ``employees`` are those whose own role, place or state changed. Live connections are told.
        """
        if not self:
            return
        self.env.cr.execute(
            "UPDATE res_company SET fynlo_perm_version = nextval('fynlo_perm_version_seq') WHERE id IN %s",
            (tuple(self.ids),),
        )
        self.invalidate_recordset(["fynlo_perm_version"], flush=False)
        self.env["fynlo.permission.notice"]._owe(self, employees or self.env["hr.employee"])
