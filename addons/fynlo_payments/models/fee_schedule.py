"""Fee schedules: what each tender costs, by currency, country, channel and card, from a day on."""

from odoo import api, fields, models

from ..fees.charge import Terms

CARD_TYPES = [
    ("any", "Any"),
    ("credit", "Credit"),
    ("debit", "Debit"),
    ("prepaid", "Prepaid"),
    ("commercial", "Commercial"),
]
CHANNELS = [("any", "Any"), ("in_person", "In person"), ("online", "Online")]
PERCENT_PPM = 10_000


class FynloFeeSchedule(models.Model):
    """Rates are in millionths, amounts in minor units of the currency. An empty field means any."""

    _name = "fynlo.fee.schedule"
    _description = "Fee schedule"
    _inherit = ["fynlo.fee.terms"]
    _resource_name = "fee_schedule"
    _order = "method, currency_id, valid_from desc, id"
    _rec_name = "method"
    _told = (
        "method", "country_id", "currency_id", "channel", "card_type", "company_id", "valid_from", "active",
        "provider_ppm", "fixed", "platform_ppm", "least", "most",
    )  # fmt: skip

    method = fields.Char("Tender", required=True, index=True, help="The code of a tender, for example stripe.")
    country_id = fields.Many2one("res.country", ondelete="restrict")
    currency_id = fields.Many2one("res.currency", ondelete="restrict")
    channel = fields.Selection(CHANNELS, required=True, default="any")
    card_type = fields.Selection(CARD_TYPES, "Card", required=True, default="any")
    company_id = fields.Many2one("res.company", ondelete="restrict", help="Whose contract it is. Empty: all.")
    valid_from = fields.Date(required=True, default=fields.Date.context_today)
    active = fields.Boolean(default=True)
    provider_ppm = fields.Integer("Provider's rate (millionths)", required=True, default=0, help="29000 is 2.9 %.")
    fixed = fields.Integer("Provider's fixed part (minor units)", required=True, default=0)
    platform_ppm = fields.Integer(
        "Fynlo's rate (millionths)", required=True, default=0, help="Of the bill without tip."
    )
    provider_percent = fields.Float(
        "Provider's rate (%)", compute="_compute_percents", inverse="_inverse_provider_percent", digits=(7, 4)
    )
    platform_percent = fields.Float(
        "Fynlo's rate (%)", compute="_compute_percents", inverse="_inverse_platform_percent", digits=(7, 4)
    )
    least = fields.Integer("Smallest charge (minor units)", required=True, default=0)
    most = fields.Integer("Largest charge (minor units)", required=True, default=0, help="0: no limit.")

    _rates = models.Constraint(
        "CHECK(provider_ppm BETWEEN 0 AND 500000 AND platform_ppm BETWEEN 0 AND 500000)",
        "A rate lies between 0 and 50 percent.",
    )
    _amounts = models.Constraint(
        "CHECK(fixed >= 0 AND least >= 0 AND most >= 0 AND (most = 0 OR most >= least))",
        "Amounts are not negative, and the largest charge is not below the smallest.",
    )
    _fixed_has_currency = models.Constraint(
        "CHECK(currency_id IS NOT NULL OR (fixed = 0 AND least = 0 AND most = 0))",
        "An amount needs its currency: thirty pence are not thirty yen.",
    )
    _code = models.Constraint("CHECK(method ~ '^[a-z_]{1,30}$')", "A tender's code is of small letters and _.")
    _once = models.UniqueIndex(
        "(method, COALESCE(country_id, 0), COALESCE(currency_id, 0), channel, card_type, COALESCE(company_id, 0),"
        " valid_from) WHERE active",
        "From that day on there is such a schedule already.",
    )

    @api.depends("provider_ppm", "platform_ppm")
    def _compute_percents(self):
        for schedule in self:
            schedule.provider_percent = schedule.provider_ppm / PERCENT_PPM
            schedule.platform_percent = schedule.platform_ppm / PERCENT_PPM

    def _inverse_provider_percent(self):
        for schedule in self:
            schedule.provider_ppm = round(schedule.provider_percent * PERCENT_PPM)

    def _inverse_platform_percent(self):
        for schedule in self:
            schedule.platform_ppm = round(schedule.platform_percent * PERCENT_PPM)

    @api.model
    def _in_force(self, location, methods, day):
        """All schedules that may decide at ``location`` on ``day``; one query."""
        return self.sudo().search(
            [
                ("method", "in", list(methods)),
                ("valid_from", "<=", day),
                ("company_id", "in", (False, location.company_id.id)),
                ("country_id", "in", (False, location.company_id.country_id.id)),
                ("currency_id", "in", (False, location.currency_id.id)),
            ]
        )

    def _deciding(self, method, channel, card_type):
        """The one of these that decides: the company's own, then the most exact, then the newest."""
        fitting = self.filtered(
            lambda one: one.method == method and one.channel in ("any", channel) and one.card_type in ("any", card_type)
        )
        return fitting.sorted(FynloFeeSchedule._exactness, reverse=True)[:1]

    def _exactness(self):
        return (
            bool(self.company_id), bool(self.country_id), bool(self.currency_id), self.channel != "any",
            self.card_type != "any", self.valid_from, self.id,
        )  # fmt: skip

    def _terms(self):
        return Terms(self.provider_ppm, self.fixed, self.platform_ppm)
