"""The demo's companies, taxes, locations and tables."""

from odoo import Command, api, models

PIZZA_COMPANY = "Fynlo Pizza"
BISTRO_COMPANY = "Other Bistro"
LOCATIONS = ("Soho", "Camden")
#: Location: seats of its tables, floor by floor.
FLOORS = {
    "Soho": {"Ground floor": (2, 2, 4, 4, 4, 6), "Terrace": (2, 2, 4, 4)},
    "Camden": {"Dining room": (2, 4, 4, 6, 8)},
    "Bistro": {"Salle": (2, 2, 4)},
}
TABLE_PX = 80


class FynloDemoBusiness(models.AbstractModel):
    _name = "fynlo.demo.business"
    _description = "Companies and locations of the demo"

    @api.model
    def _company(self, name):
        """The company of this name, with UK accounts and prices that include VAT."""
        company = self.env["res.company"].search([("name", "=", name)], limit=1)
        if company:
            return company
        company = self.env["res.company"].create(
            {
                "name": name,
                "country_id": self.env.ref("base.uk").id,
                "currency_id": self.env.ref("base.GBP").id,
                "account_price_include": "tax_included",
                "point_of_sale_update_stock_quantities": "closing",
            }
        )
        self.env["account.chart.template"].try_loading("uk", company, install_demo=False)
        company.tax_calculation_rounding_method = "round_per_line"  # so that line totals add up to the bill
        return company

    @api.model
    def _presets(self, company):
        """Eat in and takeaway. Cold food carries 20 % VAT at the table and none when taken away."""
        presets = self.env["pos.preset"].search([("name", "in", ["Eat in", "Takeaway"])])
        if not presets:
            presets = self.env["pos.preset"].create(
                [
                    {"name": "Eat in", "fynlo_kind": "eat_in"},
                    {
                        "name": "Takeaway",
                        "fynlo_kind": "takeaway",
                        "fiscal_position_id": self._takeaway(company).id,
                        "identification": "name",
                    },
                ]
            )
        return presets

    def _takeaway(self, company):
        position = self.env["account.fiscal.position"].create({"name": "Takeaway", "company_id": company.id})
        cold = self._cold_food_tax(company)
        zero = self.env.ref(f"account.{company.id}_ST0")
        zero.copy(
            {
                "name": "0% cold takeaway",
                "fiscal_position_ids": [Command.set(position.ids)],
                "original_tax_ids": [Command.set(cold.ids)],
            }
        )
        return position

    @api.model
    def _cold_food_tax(self, company):
        """Standard rated at the table; a tax of its own, so that takeaway can replace it alone."""
        name = "20% cold food"
        tax = self.env["account.tax"].search([("name", "=", name), ("company_id", "=", company.id)], limit=1)
        return tax or self._standard_tax(company).copy({"name": name})

    @api.model
    def _standard_tax(self, company):
        return self.env.ref(f"account.{company.id}_ST11")

    @api.model
    def _location(self, company, name, presets):
        """The point of sale of this name: a cash drawer of its own, the company's card terminal, its tables."""
        location = self.env["pos.config"].search([("name", "=", name), ("company_id", "=", company.id)], limit=1)
        if location:
            return location
        location = (
            self.env["pos.config"]
            .with_company(company)
            .create(
                {
                    "name": name,
                    "company_id": company.id,
                    "module_pos_restaurant": True,
                    "payment_method_ids": [Command.set((self._cash(company, name) | self._card(company)).ids)],
                    "use_presets": bool(presets),
                    "default_preset_id": presets[:1].id,
                    "available_preset_ids": [Command.set(presets.ids)],
                }
            )
        )
        self._offer_tenders(location)
        location.floor_ids.unlink()  # Odoo gives every new restaurant a floor with one table
        self._lay_tables(location)
        return location

    def _cash(self, company, name):
        journal = self.env["account.journal"].create(
            {"name": f"Cash {name}", "type": "cash", "code": f"C{name[:4].upper()}", "company_id": company.id}
        )
        return self.env["pos.payment.method"].create(
            {"name": "Cash", "company_id": company.id, "journal_id": journal.id}
        )

    def _card(self, company):
        known = self.env["pos.payment.method"].search(
            [("company_id", "=", company.id), ("journal_id.type", "=", "bank")], limit=1
        )
        if known:
            return known
        bank = self.env["account.journal"].search([("company_id", "=", company.id), ("type", "=", "bank")], limit=1)
        return self.env["pos.payment.method"].create(
            {"name": "Card", "company_id": company.id, "journal_id": bank.id, "fynlo_provider": "stripe"}
        )

    @api.model
    def _offer_tenders(self, location):
        """What guests may pay with beside cash and card."""
        company, known = location.company_id, self.env["pos.payment.method"]
        location.fynlo_stripe_mode = "test"
        card = self._card(company)
        for name, provider, journal in (
            ("Pay by bank", "open_banking", card.journal_id),
            ("Card machine", "manual", card.journal_id),
            ("Gift card", "gift_card", card.journal_id.browse()),
        ):
            method = known.search([("name", "=", name), ("company_id", "=", company.id)], limit=1)
            location.payment_method_ids |= method or known.create(
                {"name": name, "company_id": company.id, "journal_id": journal.id, "fynlo_provider": provider}
            )

    def _lay_tables(self, location):
        number = 0
        for sequence, (floor, seats) in enumerate(FLOORS[location.name].items(), 1):
            tables = [_table(number + place, place, chairs) for place, chairs in enumerate(seats, 1)]
            number += len(seats)
            self.env["restaurant.floor"].create(
                {
                    "name": floor,
                    "sequence": sequence,
                    "pos_config_ids": [Command.set(location.ids)],
                    "table_ids": [Command.create(table) for table in tables],
                }
            )


def _table(number, place, seats):
    """Tables stand in rows of three; small ones are round."""
    row, column = divmod(place - 1, 3)
    return {
        "table_number": number,
        "seats": seats,
        "shape": "round" if seats == 2 else "square",
        "width": TABLE_PX,
        "height": TABLE_PX,
        "position_h": 40 + column * 2 * TABLE_PX,
        "position_v": 40 + row * 2 * TABLE_PX,
    }
