"""The demo restaurant: builds it, and says how to get in."""

from odoo import api, models

from ..tools import people
from .demo_business import BISTRO_COMPANY, LOCATIONS, PIZZA_COMPANY


class FynloDemo(models.AbstractModel):
    """Safe to build any number of times: what is there is left as it is."""

    _name = "fynlo.demo"
    _description = "Demo restaurant"

    @api.model
    def _build(self):
        """Two companies: a pizza place with two locations, and a bistro that must see nothing of it."""
        business, menu_card = self.env["fynlo.demo.business"], self.env["fynlo.demo.card"]
        pizza = business._company(PIZZA_COMPANY)
        presets = business._presets(pizza)
        for name in LOCATIONS:
            business._location(pizza, name, presets)
        menu_card._write_pizza_card(pizza)
        bistro = business._company(BISTRO_COMPANY)
        business._location(bistro, "Bistro", self.env["pos.preset"])
        menu_card._write_bistro_card(bistro)
        for company, staff in ((pizza, people.PIZZA_STAFF), (bistro, people.BISTRO_STAFF)):
            for person in staff:
                self._hire(company, person)

    @api.model
    def _welcome(self):
        """How to get in: logins of the back office, PINs of the tills, and a fresh pairing code."""
        soho = self.env["pos.config"].search([("name", "=", LOCATIONS[0]), ("company_id.name", "=", PIZZA_COMPANY)])
        _record, code = self.env["fynlo.pairing.code"]._make(soho, "Demo till", "make run")
        everyone = [
            (company, person)
            for company, staff in ((PIZZA_COMPANY, people.PIZZA_STAFF), (BISTRO_COMPANY, people.BISTRO_STAFF))
            for person in staff
        ]
        return {
            "logins": [
                {
                    "who": f"{person.name}, {person.role}",
                    "login": person.email,
                    "password": people.PASSWORD,
                    "where": company,
                }
                for company, person in everyone
                if person.email
            ],
            "employees": [
                {
                    "name": person.name,
                    "role": person.role,
                    "pin": person.pin,
                    "location": person.location or f"{company}, everywhere",
                }
                for company, person in everyone
            ],
            "pairing_code": code,
            "locations": [self._location_values(location) for location in self._all_locations()],
        }

    def _all_locations(self):
        return self.env["pos.config"].search([("company_id.name", "in", [PIZZA_COMPANY, BISTRO_COMPANY])], order="id")

    def _location_values(self, location):
        return {**location._api_values(), "company": location.company_id.name}

    def _hire(self, company, person):
        """The person with a user, a role and a PIN, unless the company has somebody of this name."""
        employees = self.env["hr.employee"].with_context(active_test=False)
        if employees.search_count([("name", "=", person.name), ("company_id", "=", company.id)], limit=1):
            return
        locations = self.env["pos.config"].search([("name", "=", person.location), ("company_id", "=", company.id)])
        employees._fynlo_hire(
            {
                "name": person.name,
                "company_id": company.id,
                "role": person.role,
                "pin": person.pin,
                "email": person.email,
                "password": people.PASSWORD if person.email else None,
                "location_ids": locations.ids,
            }
        )
