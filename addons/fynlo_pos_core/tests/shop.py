"""A shop that can trade, for tests: accounts, a location with a drawer, a menu, staff and a till."""

from types import SimpleNamespace

from odoo import Command

from ..controllers.order_shapes import OrderShape
from ..controllers.till_sessions import CloseSessionShape, OpenSessionShape
from ..models.orders.pos_order import GIVEN
from ..rest.payload import parse
from ..rest.representation import to_json
from ..tools.identifiers import uuid7
from .common import use_test_settings


class Shop:
    """Mix into a test class and call ``cls.open_shop()`` once; everything it makes is new."""

    @classmethod
    def open_shop(cls, name="Trattoria"):
        """Build the shop; leaves ``cls.location``, ``cls.menu`` (records by name), staff and ``cls.device``."""
        use_test_settings(cls)
        company = cls.company = cls.env["res.company"].create(
            {
                "name": f"{name} {uuid7()}",
                "country_id": cls.env.ref("base.uk").id,
                "currency_id": cls.env.ref("base.GBP").id,
                "point_of_sale_update_stock_quantities": "closing",
            }
        )
        cls.env.user.company_ids |= company
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": [company.id], "tracking_disable": True})
        company = cls.company = cls.company.with_env(cls.env)
        cls.env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
        company.write(
            {
                "currency_id": cls.env.ref("base.GBP").id,
                "tax_calculation_rounding_method": "round_per_line",
                "account_price_include": "tax_included",
            }
        )
        cls.location = cls._location(company, name)
        cls.menu = cls._menu(company)
        cls.waiter = cls.hire("Wendy", "server")
        cls.cashier = cls.hire("Carl", "cashier")
        cls.manager = cls.hire("Mona", "manager")
        cls.device, cls.device_key = cls.env["fynlo.device"]._pair_new(cls.location, "Till 1", "ios", "1.0")
        cls.env.flush_all()
        cls.env.cr.flush()

    @classmethod
    def _location(cls, company, name):
        cash = cls.env["account.journal"].create(
            {"name": "Drawer", "type": "cash", "code": "DRWR", "company_id": company.id}
        )
        bank = cls.env["account.journal"].search([("type", "=", "bank"), ("company_id", "=", company.id)], limit=1)
        methods = cls.env["pos.payment.method"].create(
            [
                {"name": "Cash", "journal_id": cash.id, "company_id": company.id},
                {"name": "Card", "journal_id": bank.id, "company_id": company.id},
            ]
        )
        location = cls.env["pos.config"].create(
            {
                "name": name,
                "company_id": company.id,
                "module_pos_restaurant": True,
                "payment_method_ids": [Command.set(methods.ids)],
            }
        )
        location.floor_ids.unlink()
        cls.table = (
            cls.env["restaurant.floor"]
            .create(
                {
                    "name": "Hall",
                    "pos_config_ids": [Command.set(location.ids)],
                    "table_ids": [Command.create({"table_number": 7, "seats": 4})],
                }
            )
            .table_ids
        )
        return location

    @classmethod
    def _tax(cls, company, name, rate, **values):
        group = cls.env["account.tax.group"].search([("company_id", "=", company.id)], limit=1)
        return cls.env["account.tax"].create(
            {
                "name": name,
                "amount": rate,
                "type_tax_use": "sale",
                "company_id": company.id,
                "tax_group_id": group.id,
                "price_include_override": "tax_included",
                **values,
            }
        )

    @classmethod
    def _menu(cls, company):
        vat, cold = cls._tax(company, "20 %", 20), cls._tax(company, "20 % cold", 20)
        cls.position = cls.env["account.fiscal.position"].create({"name": "Takeaway", "company_id": company.id})
        cls._tax(
            company,
            "0 % cold",
            0,
            fiscal_position_ids=[Command.set(cls.position.ids)],
            original_tax_ids=[Command.set(cold.ids)],
        )
        cls.takeaway = cls.env["pos.preset"].create(
            {"name": "To go", "fynlo_kind": "takeaway", "fiscal_position_id": cls.position.id}
        )
        pizza = cls.product("Margherita", 10.0, vat, standard_price=4.0)
        cola = cls.product("Cola", 3.0, vat)
        cookie = cls.product("Cookie", 2.5, cold)
        cls.extras = cls.env["fynlo.modifier.group"].create(
            {
                "name": "Extras",
                "company_id": company.id,
                "min_choices": 0,
                "max_choices": 3,
                "free_choices": 1,
                "modifier_ids": [
                    Command.create({"name": "Cheese", "price": 1.5}),
                    Command.create({"name": "Olives", "price": 1.0}),
                ],
                "product_tmpl_ids": [Command.set(pizza.product_tmpl_id.ids)],
            }
        )
        combo = cls._combo(company, vat, pizza, cola)
        cls.tenth = cls._discount(company, "Ten percent", kind="percent", value_bp=1000, scope="order")
        cls.pound = cls._discount(company, "A pound off", kind="amount", amount=1.0, scope="line")
        return SimpleNamespace(pizza=pizza, cola=cola, cookie=cookie, combo=combo)

    @classmethod
    def product(cls, name, price, tax, **values):
        """A variant that the location sells."""
        template = cls.env["product.template"].create(
            {
                "name": name,
                "list_price": price,
                "company_id": cls.company.id,
                "available_in_pos": True,
                "type": "consu",
                "taxes_id": [Command.set(tax.ids)],
                "supplier_taxes_id": [Command.clear()],
                **values,
            }
        )
        return template.product_variant_ids

    @classmethod
    def _combo(cls, company, vat, pizza, cola):
        choices = cls.env["product.combo"].create(
            [
                {
                    "name": "Pizza",
                    "company_id": company.id,
                    "combo_item_ids": [Command.create({"product_id": pizza.id})],
                },
                {
                    "name": "Drink",
                    "company_id": company.id,
                    "combo_item_ids": [Command.create({"product_id": cola.id, "extra_price": 0.5})],
                },
            ]
        )
        return cls.product("Meal", 11.0, vat, type="combo", combo_ids=[Command.set(choices.ids)])

    @classmethod
    def _discount(cls, company, name, **values):
        return cls.env["fynlo.discount"].create({"name": name, "company_id": company.id, **values})

    @classmethod
    def hire(cls, name, role, pin="2468"):
        return cls.env["hr.employee"]._fynlo_hire(
            {"name": f"{name} {uuid7()[-6:]}", "company_id": cls.company.id, "role": role, "pin": pin}
        )

    # --- at the till ---------------------------------------------------------------------

    def identity(self, employee=None, device=None):
        """Who is calling, as the API would find it."""
        device = device or self.device
        answer = self.env["fynlo.session"]._open(employee or self.waiter, device.config_id, device=device)
        self.env.cr.flush()
        return self.env["fynlo.access"]._of_token(answer["access_token"])

    def open_till(self, pounds=100):
        wish = parse(OpenSessionShape, to_json({"id": uuid7(), "float": self.gbp(pounds * 100)}))
        return self.env["fynlo.till.session.service"]._open(self.identity(self.cashier), wish)

    def close_till(self, session_id, minor, call, **values):
        wish = parse(CloseSessionShape, to_json({"counted": self.gbp(minor), **values}))
        return self.env["fynlo.till.session.service"]._close(self.identity(self.cashier), session_id, wish, call)

    def gbp(self, minor):
        return {"amount": minor, "currency": "GBP"}

    def line(self, variant, quantity="1", **values):
        return {"id": uuid7(), "variant_id": variant.fynlo_uuid, "quantity": quantity, **values}

    def order_body(self, *lines, **values):
        return {"id": uuid7(), "lines": list(lines), **values}

    def place(self, *lines, identity=None, **values):
        """Make an order through the service; returns its document."""
        wish = parse(OrderShape, to_json(self.order_body(*lines, **values)))
        document = self.env["fynlo.order.service"]._create_order(identity or self.identity(), wish)
        self.env.cr.flush()
        return document

    def row(self, document):
        """The ``pos.order`` of a document, with the rights of the order service."""
        order = self.env["pos.order"].search([("uuid", "=", document["id"])])
        return order.sudo().with_context(**{GIVEN: True})

    def events(self, topic, event_type):
        """What this transaction has announced on a topic of the location."""
        self.env.cr.flush()
        self.env.cr.execute(
            "SELECT payload::json FROM fynlo_outbox WHERE topic = %s AND type = %s ORDER BY id",
            (f"l.{self.location.fynlo_uuid}.{topic}", event_type),
        )
        return [payload for (payload,) in self.env.cr.fetchall()]
