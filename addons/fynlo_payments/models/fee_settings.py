"""Settings of a location's tips, and of who bears the fees of its tenders."""

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.engine.receipt import TIPS_BEFORE_TAX
from odoo.addons.fynlo_pos_core.models.settings.setting import Setting
from odoo.addons.fynlo_pos_core.models.settings.settings_section import PREFIX
from odoo.addons.fynlo_pos_core.rest import Invalid
from odoo.exceptions import ValidationError


class PosConfig(models.Model):
    _inherit = "pos.config"

    fynlo_tips_on = fields.Boolean("Suggest tips", default=True)
    fynlo_tips_custom = fields.Boolean("Guests may name a tip", default=True)
    fynlo_tips_base = fields.Selection(
        [("country", "As usual in the country"), ("net", "Before tax"), ("gross", "With tax")],
        "Tips are a share of the bill",
        default="country",
        required=True,
    )
    fynlo_pass_fees = fields.Boolean(
        "Guests bear card fees", help="Only where the surcharge rules allow it, and never above their cap."
    )
    fynlo_bank_discount_id = fields.Many2one(
        "fynlo.discount",
        "Discount for paying by bank",
        ondelete="restrict",
        domain="[('company_id', '=', company_id), ('kind', '=', 'percent'), ('scope', '=', 'order')]",
        help="Tills offer it, and put it on the bill when the guest pays by bank.",
    )

    @api.constrains("fynlo_pass_fees", "company_id")
    def _check_fynlo_pass_fees(self):
        for location in self.filtered("fynlo_pass_fees"):
            company, day = location.company_id, location._fynlo_business_date()
            rules = self.env["fynlo.surcharge.rule"]._of_country(company.country_id, day)
            if not rules._allow_somewhere(company.state_id):
                raise ValidationError(self.env._("The law here does not let guests be charged for how they pay."))

    @api.constrains("fynlo_bank_discount_id")
    def _check_fynlo_bank_discount(self):
        for location in self:
            discount = location.fynlo_bank_discount_id
            if discount and (discount.company_id, discount.kind, discount.scope) != (
                location.company_id, "percent", "order",
            ):  # fmt: skip
                raise ValidationError(self.env._("A discount for paying by bank is a percentage of the whole order."))

    def _fynlo_passes_fees(self):
        """Whether the location wants fees passed on, and can book them."""
        return self.fynlo_pass_fees and self._fynlo_surcharge_fits()

    def _fynlo_tips_with_tax(self):
        """Whether tips are a share of the bill with its tax; as usual in the country unless the location says."""
        if self.fynlo_tips_base == "country":
            return self.company_id.country_id.code not in TIPS_BEFORE_TAX
        return self.fynlo_tips_base == "gross"

    @api.model
    def _fynlo_tip_columns(self):
        """Bills suggest what tills do."""
        return """CASE WHEN location.fynlo_tips_on THEN location.fynlo_tip_suggestions END AS tips,
                  location.fynlo_tips_base AS tips_base"""

    def _fynlo_tip_rates(self):
        """Suggested tips in basis points; the same that bills are printed with."""
        return [int(rate) * 100 for rate in (self.fynlo_tip_suggestions or "").split(",") if rate.strip()]


def _rates(location, _text):
    return location._fynlo_tip_rates()


def _percents(_location, rates_bp):
    return ", ".join(str(rate // 100) for rate in rates_bp) or False


def _discount_shown(_location, discount):
    return discount.fynlo_uuid or None


def _discount_stored(location, uuid):
    domain = [("fynlo_uuid", "=", str(uuid)), ("company_id", "=", location.company_id.id)]
    discount = location.env["fynlo.discount"].search(domain, limit=1)
    if not discount:
        raise Invalid(location.env._("There is no such discount."), field="bank_discount_id")
    return discount.id


class TipSettings(models.AbstractModel):
    """What tips tills suggest; ``rates_bp`` is also what bills are printed with."""

    _name = PREFIX + "tips"
    _description = "Settings: tips"
    _inherit = ["fynlo.settings.section"]
    _settings = {
        "enabled": Setting("fynlo_tips_on"),
        "custom": Setting("fynlo_tips_custom"),
        "base": Setting("fynlo_tips_base"),
        "rates_bp": Setting("fynlo_tip_suggestions", show=_rates, store=_percents),
    }


class FeeSettings(models.AbstractModel):
    """Whether guests bear fees, as far as the law lets them, and what paying by bank saves them."""

    _name = PREFIX + "fees"
    _description = "Settings: fees"
    _inherit = ["fynlo.settings.section"]
    _settings = {
        "pass_on": Setting("fynlo_pass_fees"),
        "bank_discount_id": Setting("fynlo_bank_discount_id", show=_discount_shown, store=_discount_stored),
    }
