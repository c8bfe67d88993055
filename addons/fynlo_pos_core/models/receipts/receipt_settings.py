"""How a location's receipts look, where they are printed, and how long their links last."""

import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...engine.receipt import House
from ..kitchen.station import PORT_MAX

COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
TIPS = re.compile(r"\d{1,2}(\s*,\s*\d{1,2}){0,3}")
LINK_DAYS_MAX = 3650

HOUSE = """
    SELECT location.name AS location, company.name, partner.street, partner.street2, partner.city, partner.zip,
           state.code AS state, country.code AS country, partner.vat, partner.company_registry, partner.phone,
           partner.email, partner.website, partner.lang, location.fynlo_receipt_header AS header,
           location.fynlo_receipt_footer AS footer, location.fynlo_receipt_colour AS colour,
           location.fynlo_receipt_prefix AS prefix, location.fynlo_receipt_lang AS language,
           location.fynlo_receipt_link_days AS link_days, {tips}
      FROM pos_config location
      JOIN res_company company ON company.id = location.company_id
      JOIN res_partner partner ON partner.id = company.partner_id
      LEFT JOIN res_country country ON country.id = partner.country_id
      LEFT JOIN res_country_state state ON state.id = partner.state_id
     WHERE location.id = %s
"""


class PosConfig(models.Model):
    """Odoo's own header and footer of a receipt are for administrators alone; these are a manager's."""

    _inherit = "pos.config"

    fynlo_receipt_logo = fields.Image("Logo", max_width=480, max_height=240)
    fynlo_receipt_header = fields.Text("Text at the top", help="For example the address of this location.")
    fynlo_receipt_footer = fields.Text("Text at the bottom", help="For example a greeting or the opening hours.")
    fynlo_receipt_colour = fields.Char("Colour", default="#1f3a5f", required=True, help="As #rrggbb.")
    fynlo_receipt_prefix = fields.Char(
        "Receipt numbers begin with",
        copy=False,
        help="Makes receipt numbers unique within the company: each location has its own.",
    )
    fynlo_receipt_lang = fields.Selection(
        lambda self: self.env["res.lang"].get_installed(),
        "Language",
        help="Of receipts for guests whose language is not known. Empty: the company's.",
    )
    fynlo_receipt_link_days = fields.Integer(
        "Online receipts last (days)",
        default=180,
        required=True,
        help="For so long the QR code on a receipt opens it. 0: receipts carry no QR code.",
    )
    fynlo_tip_suggestions = fields.Char(
        "Suggested tips (%)",
        default="5, 10, 20",
        help="Percentages that tills suggest and bills show, for example 15, 18, 20. Empty: none.",
    )
    fynlo_receipt_printer_host = fields.Char(
        "Printer address", help="Name or IP address of the location's ESC/POS receipt printer on the network."
    )
    fynlo_receipt_printer_port = fields.Integer("Printer port", default=9100, required=True)
    fynlo_receipt_paper = fields.Selection([("80", "80 mm"), ("58", "58 mm")], "Paper", default="80", required=True)
    fynlo_receipt_printer_confirms = fields.Boolean(
        "Printer answers",
        default=True,
        help="Take a receipt as printed only when the printer says so. Switch it off for printers that never answer.",
    )

    _fynlo_receipt_prefix_unique = models.UniqueIndex(
        "(company_id, fynlo_receipt_prefix) WHERE fynlo_receipt_prefix IS NOT NULL",
        "Another location of the company has receipt numbers that begin like this.",
    )

    def _init_column(self, column_name):
        """Locations that were there before the addon get prefixes that differ, too."""
        if column_name != "fynlo_receipt_prefix":
            return super()._init_column(column_name)
        self.env.cr.execute(
            """UPDATE pos_config SET fynlo_receipt_prefix = 'L' || place.number
                 FROM (SELECT id, row_number() OVER (PARTITION BY company_id ORDER BY id) AS number
                         FROM pos_config) place
                WHERE place.id = pos_config.id AND fynlo_receipt_prefix IS NULL"""
        )

    @api.model_create_multi
    def create(self, vals_list):
        locations = super().create(vals_list)
        for location in locations.filtered(lambda location: not location.fynlo_receipt_prefix):
            location.fynlo_receipt_prefix = location._fynlo_free_prefix()
        return locations

    def _fynlo_free_prefix(self):
        """The first of L1, L2… that no location of the company has, archived ones included."""
        siblings = self.sudo().with_context(active_test=False).search([("company_id", "=", self.company_id.id)])
        taken = set(siblings.mapped("fynlo_receipt_prefix"))
        return next(f"L{number}" for number in range(1, len(siblings) + 2) if f"L{number}" not in taken)

    @api.constrains("fynlo_receipt_colour", "fynlo_tip_suggestions", "fynlo_receipt_link_days")
    def _check_fynlo_receipt(self):
        for location in self:
            if not COLOUR.fullmatch(location.fynlo_receipt_colour):
                raise ValidationError(self.env._("A colour is written #rrggbb, for example #1f3a5f."))
            if location.fynlo_tip_suggestions and not TIPS.fullmatch(location.fynlo_tip_suggestions.strip()):
                raise ValidationError(self.env._("Suggested tips are up to four percentages: 15, 18, 20."))
            if not 0 <= location.fynlo_receipt_link_days <= LINK_DAYS_MAX:
                raise ValidationError(self.env._("Online receipts last up to %s days.", LINK_DAYS_MAX))

    @api.constrains("fynlo_receipt_printer_port")
    def _check_fynlo_receipt_printer(self):
        if any(not 1 <= location.fynlo_receipt_printer_port <= PORT_MAX for location in self):
            raise ValidationError(self.env._("A port is a number from 1 to 65535."))

    @api.model
    def _fynlo_receipt_house(self, location_id):
        """Who trades at a location and how its receipts look, with the days their links last. One query."""
        self.env.flush_all()
        self.env.cr.execute(HOUSE.format(tips=self._fynlo_tip_columns()), (location_id,))
        row = self.env.cr.dictfetchone()
        house = House(
            name=row["name"],
            location=row["location"],
            address=address_lines(row),
            country=row["country"] or "",
            tax_number=row["vat"] or "",
            company_number=row["company_registry"] or "",
            phone=row["phone"] or "",
            email=row["email"] or "",
            website=row["website"] or "",
            header=row["header"] or "",
            footer=row["footer"] or "",
            colour=row["colour"],
            prefix=row["prefix"] or "",
            language=row["language"] or row["lang"] or "en_US",
            tip_rates_bp=tuple(int(rate) * 100 for rate in (row["tips"] or "").split(",") if rate.strip()),
            tips_base=row["tips_base"],
        )
        return house, row["link_days"]

    @api.model
    def _fynlo_tip_columns(self):
        """What is read of suggested tips, as SQL: ``tips``, and ``tips_base`` (a base of :class:`House`)."""
        return "location.fynlo_tip_suggestions AS tips, 'country' AS tips_base"


def address_lines(row):
    """A postal address as people write it: the town before its postcode, in the US with the state between."""
    town = filter(None, (row["city"], row["state"] if row["country"] == "US" else None, row["zip"]))
    return tuple(filter(None, (row["street"], row["street2"], " ".join(town))))
