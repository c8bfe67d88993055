"""Back office: the rules of a company, and the addresses under which tills find it."""

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ...tools.settings import settings

#: Fields of the window and the company's fields behind them.
RULES = {
    "pin_session_hours": "fynlo_pin_session_hours",
    "session_days": "fynlo_session_days",
    "alert_emails": "fynlo_alert_emails",
    "keep_request_days": "fynlo_keep_request_days",
    "keep_sign_in_days": "fynlo_keep_sign_in_days",
    "cache_shared": "fynlo_cache_shared",
    "cache_hours": "fynlo_cache_hours",
}


class FynloCompanySettings(models.TransientModel):
    """Managers read the rules, owners set them. The addresses are the operator's."""

    _name = "fynlo.company.settings"
    _description = "Fynlo POS settings"
    _rec_name = "company_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True, default=lambda self: self.env.company)
    pin_session_hours = fields.Integer(
        "Till sign-in lasts", default=lambda self: self.env.company.fynlo_pin_session_hours
    )
    session_days = fields.Integer("Password sign-in lasts", default=lambda self: self.env.company.fynlo_session_days)
    alert_emails = fields.Char(
        "Alerts go to",
        default=lambda self: self.env.company.fynlo_alert_emails,
        help="E-mail addresses, separated by commas. Empty: alerts show on the dashboard only.",
    )
    keep_request_days = fields.Integer(
        "Answers are kept", default=lambda self: self.env.company.fynlo_keep_request_days
    )
    keep_sign_in_days = fields.Integer(
        "Ended sign-ins are kept", default=lambda self: self.env.company.fynlo_keep_sign_in_days
    )
    cache_shared = fields.Boolean(
        "Server processes share menus", default=lambda self: self.env.company.fynlo_cache_shared
    )
    cache_hours = fields.Integer("Shared menus are kept", default=lambda self: self.env.company.fynlo_cache_hours)
    location_ids = fields.Many2many("pos.config", compute="_compute_location_ids", string="Locations")
    may_change = fields.Boolean(compute="_compute_may_change")
    public_url = fields.Char("API address", compute="_compute_addresses")
    ws_url = fields.Char("Event address", compute="_compute_addresses")

    @api.depends("company_id")
    def _compute_location_ids(self):
        for record in self:
            record.location_ids = self.env["pos.config"].search([("company_id", "=", record.company_id.id)])

    @api.depends_context("uid")
    def _compute_may_change(self):
        self.may_change = self.env.user.has_group("fynlo_pos_core.group_owner")

    def _compute_addresses(self):
        self.public_url = f"{settings().public_url}/api/v1"
        self.ws_url = settings().ws_url

    @api.model
    def action_open(self):
        """The settings of the company that the user works in."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Settings"),
            "res_model": self._name,
            "res_id": self.create({}).id,
            "view_mode": "form",
            "target": "current",
        }

    def _rules(self):
        """Fields of the window and the company's fields behind them; each domain adds its own."""
        return RULES

    def action_save(self):
        """Put the rules in force. Raises ``AccessError`` unless the user is an owner of the company."""
        self.ensure_one()
        if not self.may_change or self.company_id not in self.env.companies:
            raise AccessError(self.env._("Only an owner changes these settings."))
        self.company_id.sudo().write({name: self[shown] for shown, name in self._rules().items()})
        return {"type": "ir.actions.act_window_close"}
