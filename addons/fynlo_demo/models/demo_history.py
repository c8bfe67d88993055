"""A past year of the pizza company: 21,350 orders for reports and load tests."""

import logging
import time
from zoneinfo import ZoneInfo

from odoo import api, models
from odoo.addons.fynlo_pos_core.models.orders.order_rows import QUIET
from odoo.addons.fynlo_pos_core.tools import clock
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.addons.fynlo_pos_core.tools.money import to_major, to_minor

from ..tools import past_service
from .bulk_rows import insert_rows, link_taxes
from .demo_business import LOCATIONS, PIZZA_COMPANY

_logger = logging.getLogger(__name__)

REPORT_EVERY_S = 10.0
CASH_FLOAT = 100.0
OPENING_HOURS = (9 * 60 + 30, 23 * 60 + 30)  # minutes after midnight; the data has its last order at 23:05


class FynloDemoHistory(models.AbstractModel):
    """Loads the synthetic year of the data, a day at a time.

    The orders are what a till leaves behind when its session is long closed: completed, paid, on
    their business date, in a closed session of their day and location. Nothing is posted: there
    are no journal entries, stock moves, payment attempts or events for them, so they serve
    reports over orders and must not be compared with the accounts.
    """

    _name = "fynlo.demo.history"
    _description = "Past orders of the demo"

    @api.model
    def _load(self, limit_days=None):
        """Load what is missing, and say how it goes. Safe to stop and call again at any time.

        Each day is committed with its orders, which are known by an id made from that of the data;
        a day that is there already is left alone. Returns a summary.
        """
        began, loaded, seen, said = time.monotonic(), 0, 0, time.monotonic()
        locations = self._locations()
        for place, (day, services) in enumerate(past_service.days()):
            if place == limit_days:
                break
            loaded += self._load_day(day, services, locations)
            seen += len(services)
            self._keep()
            if time.monotonic() - said > REPORT_EVERY_S:
                said = time.monotonic()
                _logger.info("History: %s orders until %s, %.0f s", f"{seen:,}", day, said - began)
        seconds = round(time.monotonic() - began, 1)
        _logger.info("History: %s orders there, %s of them new, in %s s", f"{seen:,}", f"{loaded:,}", seconds)
        return {"orders": seen, "new": loaded, "seconds": seconds}

    def _keep(self):
        """Commit the day: a run that is stopped loses none of the days before."""
        self.env.cr.commit()  # pylint: disable=invalid-commit
        self.env.invalidate_all()

    def _locations(self):
        company = self.env["res.company"].search([("name", "=", PIZZA_COMPANY)], limit=1)
        scene = self.sudo().with_company(company).with_context(**QUIET)
        return {name: PastLocation(scene.env, company, name) for name in LOCATIONS}

    def _load_day(self, day, services, locations):
        """The day's orders that are not there yet; how many they were."""
        self.env.cr.execute("SELECT uuid FROM pos_order WHERE uuid = ANY(%s)", [[one.uuid for one in services]])
        known = {uuid for (uuid,) in self.env.cr.fetchall()}
        missing = [service for service in services if service.uuid not in known]
        for name, location in locations.items():
            location.write_day(day, [service for service in missing if service.location == name])
        return len(missing)


class PastLocation:
    """Writes past days of one location. What is the same for all its orders is read once."""

    def __init__(self, env, company, name):
        self.env = env
        self.company = company
        self.location = env["pos.config"].search([("name", "=", name), ("company_id", "=", company.id)], limit=1)
        self.digits = company.currency_id.decimal_places
        self.zone = ZoneInfo(self.location.fynlo_time_zone)
        facts = env["fynlo.location.facts"]._load(self.location.id, 0)
        self.order_defaults, self.line_defaults = facts.order_defaults, facts.line_defaults
        self.payment_defaults = facts.payment_defaults
        self.prices = self._priced_pizzas()
        self.people = env["hr.employee"]._fynlo_at(self.location).filtered(lambda one: one.fynlo_role != "kitchen")
        self.tables = self.location.floor_ids.table_ids.ids
        self.presets = {preset.fynlo_kind: preset for preset in self.location.available_preset_ids}
        methods = self.location.payment_method_ids
        cash = methods.filtered("is_cash_count")
        self.methods = {"cash": cash.id, "card": methods.filtered(lambda method: method.name == "Card").id}

    def write_day(self, day, services):
        """One closed session with these orders."""
        if not services:
            return
        session = self._session(day, services)
        order_ids = insert_rows(self.env, "pos.order", [self._order(service, session, day) for service in services])
        self._write_lines(services, order_ids)
        payments = [
            self._payment(service, order_id, session) for service, order_id in zip(services, order_ids, strict=True)
        ]
        insert_rows(self.env, "pos.payment", payments)

    def _write_lines(self, services, order_ids):
        sold = [
            (service, order_id, self.prices[pizza])
            for service, order_id in zip(services, order_ids, strict=True)
            for pizza in service.order.pizzas
        ]
        line_ids = insert_rows(self.env, "pos.order.line", [self._line(*line) for line in sold])
        link_taxes(self.env, line_ids, [pizza.tax_ids for _service, _order_id, pizza in sold])

    def _session(self, day, services):
        opened, closed = (clock.day_begins(day, self.location.fynlo_time_zone, minutes) for minutes in OPENING_HOURS)
        cash = sum(self._total(service) for service in services if service.tender == "cash")
        return (
            self.env["pos.session"]
            .with_context(onboarding_creation=True)  # today's session may be open, which Odoo takes for a mistake
            .create(
                {
                    "config_id": self.location.id,
                    "user_id": self.env.uid,
                    "name": f"{self.location.name}/H{day:%Y%m%d}",
                    "state": "closed",
                    "start_at": opened,
                    "stop_at": closed,
                    "fynlo_business_date": day,
                    "cash_register_balance_start": CASH_FLOAT,
                    "cash_register_balance_end_real": CASH_FLOAT + to_major(cash, self.digits),
                }
            )
        )

    def _order(self, service, session, day):
        moment = self._moment(service)
        total, tax = self._total(service), sum(self.prices[pizza].tax for pizza in service.order.pizzas)
        preset = self.presets.get(service.kind, self.env["pos.preset"])
        person = self._person(service)
        return {
            **self.order_defaults,
            "uuid": service.uuid,
            "name": f"{self.location.name}/{service.number}",
            "pos_reference": service.number,
            "fynlo_number": service.number,
            "tracking_number": service.number[-3:],
            "sequence_number": int(service.number.rpartition("-")[2]),
            "access_token": uuid7(),
            "session_id": session.id,
            "config_id": self.location.id,
            "company_id": self.company.id,
            "sale_journal": self.location.journal_id.id,
            "pricelist_id": False,
            "state": "done",
            "create_date": moment,
            "date_order": moment,
            "user_id": person.user_id.id or self.env.uid,
            "employee_id": person.id,
            "cashier": person.name,
            "preset_id": preset.id,
            "fiscal_position_id": preset.fiscal_position_id.id,
            "table_id": service.pick(self.tables) if service.kind == "eat_in" else False,
            "customer_count": service.guests,
            "currency_rate": 1.0,
            "email": "",
            "mobile": False,
            "use_self_order_online_payment": False,
            "amount_total": to_major(total, self.digits),
            "amount_tax": to_major(tax, self.digits),
            "amount_paid": to_major(total, self.digits),
            "amount_return": 0.0,
            "amount_difference": 0.0,
            "fynlo_fulfilment": "served",
            "fynlo_payment_state": "paid",
            "fynlo_business_date": day,
            "fynlo_client_created_at": moment,
        }

    def _line(self, service, order_id, line):
        return {
            **self.line_defaults,
            "create_date": self._moment(service),
            "uuid": uuid7(),
            "order_id": order_id,
            "name": service.number,
            "company_id": self.company.id,
            "product_id": line.variant.id,
            "full_product_name": line.name,
            "price_type": "original",
            "qty": 1.0,
            "fynlo_sent_quantity": 1.0,
            "price_unit": to_major(line.total, self.digits),
            "price_subtotal": to_major(line.total - line.tax, self.digits),
            "price_subtotal_incl": to_major(line.total, self.digits),
            "fynlo_taxes": line.taxes,
        }

    def _payment(self, service, order_id, session):
        moment = self._moment(service)
        return {
            **self.payment_defaults,
            "create_date": moment,
            "uuid": uuid7(),
            "pos_order_id": order_id,
            "session_id": session.id,
            "company_id": self.company.id,
            "employee_id": self._person(service).id,
            "payment_method_id": self.methods[service.tender],
            "payment_date": moment,
            "amount": to_major(self._total(service), self.digits),
            "is_change": False,
        }

    def _moment(self, service):
        """When the order was made, by the location's clock on the wall, as naive UTC."""
        return clock.naive_utc(service.order.local_time.replace(tzinfo=self.zone))

    def _person(self, service):
        return self.people.browse(service.pick(self.people.ids))

    def _total(self, service):
        return sum(self.prices[pizza].total for pizza in service.order.pizzas)

    def _priced_pizzas(self):
        """Every pizza of the data with its amounts, computed once by Odoo's tax engine."""
        variants = self.env["fynlo.demo.card"]._variants(self.company)
        return {pizza: PricedPizza(variant, self.company, self.digits) for pizza, variant in variants.items()}


class PricedPizza:
    """One variant, sold once: amounts in minor units."""

    def __init__(self, variant, company, digits):
        taxes = variant.taxes_id.filtered(lambda tax: tax.company_id == company)
        amounts = taxes.compute_all(variant.lst_price, company.currency_id, 1.0, product=variant)
        by_id = {tax.id: tax for tax in taxes}
        self.variant = variant
        self.name = variant.with_context(display_default_code=False).display_name
        self.tax_ids = taxes.ids
        self.total = to_minor(amounts["total_included"], digits)
        self.tax = self.total - to_minor(amounts["total_excluded"], digits)
        self.taxes = [
            [by_id[line["id"]].fynlo_uuid, to_minor(by_id[line["id"]].amount, 2), to_minor(line["amount"], digits)]
            for line in amounts["taxes"]
        ]
