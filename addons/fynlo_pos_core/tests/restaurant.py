"""A small restaurant for tests: a company with a menu and one location, beside whatever the database holds."""

import json

from odoo import Command

from ..tools import process_cache
from ..tools.identifiers import uuid7


class Restaurant:
    """Mix into a test class and call ``cls.open_restaurant(name)``; everything it makes is new."""

    @classmethod
    def open_restaurant(cls, name):
        """A company with its location, taxes and a pizza in two sizes; returns the location."""
        company = cls.env["res.company"].create(
            {
                "name": f"{name} {uuid7()}",
                "country_id": cls.env.ref("base.uk").id,
                "currency_id": cls.env.ref("base.GBP").id,
                "account_price_include": "tax_included",
            }
        )
        cls.env.user.company_ids |= company
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": cls.env.user.company_ids.ids})
        return (
            cls.env["pos.config"]
            .with_company(company)
            .create(
                {
                    "name": name,
                    "company_id": company.id,
                    "journal_id": cls._journal(company, "general", "POSS").id,
                    "invoice_journal_id": cls._journal(company, "sale", "INV").id,
                    "payment_method_ids": [Command.clear()],
                    "floor_ids": [Command.clear()],
                }
            )
        )

    @classmethod
    def _journal(cls, company, kind, code):
        return cls.env["account.journal"].create(
            {"name": f"{code} of tests", "type": kind, "code": code, "company_id": company.id}
        )

    @classmethod
    def tax(cls, company, name, rate, **values):
        """A sales tax in percent."""
        group = cls.env["account.tax.group"].search([("company_id", "=", company.id)], limit=1)
        group = group or cls.env["account.tax.group"].create(
            {"name": "VAT", "company_id": company.id, "country_id": company.country_id.id}
        )
        return cls.env["account.tax"].create(
            {
                "name": name,
                "amount": rate,
                "amount_type": "percent",
                "type_tax_use": "sale",
                "company_id": company.id,
                "country_id": company.country_id.id,
                "tax_group_id": group.id,
                **values,
            }
        )

    @classmethod
    def product(cls, company, name, price, **values):
        """A product that tills of the company sell, without taxes unless given."""
        return cls.env["product.template"].create(
            {
                "name": name,
                "list_price": price,
                "company_id": company.id,
                "available_in_pos": True,
                "type": "consu",
                "taxes_id": [Command.clear()],
                "supplier_taxes_id": [Command.clear()],
                **values,
            }
        )

    @classmethod
    def sizes(cls, prices):
        """An attribute line for ``product``: its sizes, to be priced by :meth:`price_sizes`."""
        attribute = cls.env["product.attribute"].create(
            {
                "name": f"Size {uuid7()}",
                "create_variant": "always",
                "value_ids": [Command.create({"name": size, "sequence": place}) for place, size in enumerate(prices)],
            }
        )
        return [Command.create({"attribute_id": attribute.id, "value_ids": [Command.set(attribute.value_ids.ids)]})]

    @classmethod
    def price_sizes(cls, product, prices):
        for value in product.attribute_line_ids.product_template_value_ids:
            value.price_extra = prices[value.name] - product.list_price

    def version(self, company):
        """The company's catalogue version after this transaction's changes are written."""
        self.env.cr.flush()
        self.env.cr.execute("SELECT version FROM fynlo_catalogue WHERE company_id = %s", [company.id])
        found = self.env.cr.fetchone()
        return found[0] if found else 0

    def menu(self, location, version=None):
        """The location's menu as a till reads it."""
        self.env.flush_all()
        process_cache.forget()
        prepared = self.env["fynlo.menu"]._prepared(location.id, location.fynlo_uuid, version or uuid7())
        return json.loads(prepared.raw)

    def events(self, location, event_type):
        """The payloads of a type that this transaction has put out for a location's menu topic."""
        self.env.cr.flush()
        self.env.cr.execute(
            "SELECT payload FROM fynlo_outbox WHERE topic = %s AND type = %s ORDER BY id",
            [f"l.{location.fynlo_uuid}.menu", event_type],
        )
        return [json.loads(payload) for (payload,) in self.env.cr.fetchall()]
