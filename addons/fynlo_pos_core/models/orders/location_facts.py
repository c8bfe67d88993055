"""Facts of a location for pricing, read once a process and catalogue version."""

import pickle

from odoo import api, models

from ...engine.cash_rounding import CashRounding
from ...engine.facts import (
    ComboChoiceFacts,
    DiscountFacts,
    LocationFacts,
    ModifierFacts,
    ModifierGroupFacts,
    PresetFacts,
    PriceWindowFacts,
    ServiceChargeFacts,
    TableFacts,
    VariantFacts,
)
from ...rest import Problem, declare
from ...tools.layered_cache import LayeredCache
from ...tools.money import to_minor
from ...tools.tax_mirror import MIRRORED_KINDS, TaxRule

declare(
    "location_not_ready",
    409,
    "Location not ready",
    "The location's set-up does not allow selling yet.",
    "Ask a manager to finish the set-up in the back office; the detail says what is missing.",
)

# for this process alone: the facts are Python objects, and no bytes from outside may become such
_cache: LayeredCache[LocationFacts] = LayeredCache(
    "location_facts",
    max_entries=256,
    weigh=lambda facts: len(pickle.dumps(facts, pickle.HIGHEST_PROTOCOL)),
)


class FynloLocationFacts(models.AbstractModel):
    """Reads a location's catalogue into :class:`LocationFacts`."""

    _name = "fynlo.location.facts"
    _description = "Catalogue facts of a location"

    @api.model
    def _of(self, location_id, version):
        """The facts of ``location_id`` at catalogue ``version``; no query when this process has them."""
        settled = self.env["fynlo.catalogue"]._is_settled()
        key = f"{self.env.cr.dbname}:{location_id}"
        return _cache.obtain(key, version, lambda: self._load(location_id, version), keep=settled)

    @api.model
    def _load(self, location_id, version):
        location = self.env["pos.config"].sudo().browse(location_id)
        location = location.with_context(
            allowed_company_ids=[location.company_id.id],
            active_test=True,
            lang=None,  # the names that orders keep are those of the menu's own language
            display_default_code=False,
        )
        facts = _empty(location, version)
        company = location.company_id
        if company.tax_calculation_rounding_method != "round_per_line":
            raise Problem(
                "location_not_ready",
                self.env._("The company must round taxes per line, so that line totals add up to the bill."),
            )
        facts.taxes = self._taxes(location)
        facts.tables = self._tables(location)
        facts.discounts = self._discounts(location, facts.digits)
        facts.tenders = self._tenders(location)
        facts.tender_rules = self._tender_rules(location)
        products = self._products(location)
        facts.costed_at_closing = frozenset(
            products.filtered(lambda p: p.is_storable and p.cost_method in ("fifo", "average")).ids
        )
        for variant in self._variants(location, products, facts):
            facts.variants[variant.uuid] = variant
        facts.presets = self._presets(location, products, facts)
        facts.windows = self._windows(location, products)
        facts.service_product_id = location.fynlo_service_product_id.id or None
        facts.service_charge = _service_charge(location)
        facts.surcharge_product_id = location._fynlo_surcharge_product().id or None
        facts.surcharge_tax_ids = tuple(location._fynlo_surcharge_taxes().ids)
        facts.cash_rounding = _cash_rounding(location, facts.digits)
        facts.discount_limit_bp = company.fynlo_discount_limit_bp
        facts.approval_policies = self.env["fynlo.approval.policy"]._of(location)
        return facts

    def _taxes(self, location):
        """Every plain sales tax of the company, archived ones too: open orders may carry them."""
        taxes = (
            location.env["account.tax"]
            .with_context(active_test=False)
            .search([("company_id", "=", location.company_id.id), ("type_tax_use", "=", "sale")])
        )
        return {tax.id: _rule(tax) for tax in taxes if _mirrored(tax)}

    def _tenders(self, location):
        """Payment methods by the tender that tills name. Payment addons fill this in."""
        return {}

    def _tender_rules(self, location):
        """When each tender is offered. Payment addons fill this in."""
        return {}

    @api.model
    def _rule_of(self, tax_id):
        """The name and rate of a tax that is not mirrored, for the wire."""
        return _rule(self.env["account.tax"].sudo().browse(tax_id))

    def _presets(self, location, products, facts):
        presets = location.env["pos.preset"].search([])
        product_taxes = location.env["account.tax"].browse(list(facts.taxes))
        return {
            preset.fynlo_uuid: PresetFacts(
                id=preset.id,
                uuid=preset.fynlo_uuid,
                name=preset.name,
                kind=preset.fynlo_kind,
                fiscal_position_id=preset.fiscal_position_id.id or None,
                tax_map=_tax_map(preset.fiscal_position_id, product_taxes),
                prices=_list_prices(location, products, preset.pricelist_id),
            )
            for preset in presets
        }

    def _windows(self, location, products):
        windows = location.env["fynlo.price.window"].search([("company_id", "=", location.company_id.id)])
        return tuple(
            PriceWindowFacts(
                days=window._days(),
                start=window.start_minute,
                end=window.end_minute,
                prices=_list_prices(location, products, window.pricelist_id),
            )
            for window in windows
            if not window.config_ids or location in window.config_ids
        )

    def _tables(self, location):
        tables = location.floor_ids.table_ids
        return {table.fynlo_uuid: TableFacts(table.id, table.fynlo_uuid, str(table.table_number)) for table in tables}

    def _discounts(self, location, digits):
        discounts = location.env["fynlo.discount"].search([("company_id", "in", [False, location.company_id.id])])
        return {
            discount.fynlo_uuid: DiscountFacts(
                id=discount.id,
                uuid=discount.fynlo_uuid,
                name=discount.name,
                kind=discount.kind,
                value_bp=discount.value_bp,
                amount=to_minor(discount.amount, digits),
                scope=discount.scope,
                permission=discount.permission,
                exclusive=discount.exclusive,
            )
            for discount in discounts
        }

    def _products(self, location):
        products = location.env["product.product"].search(
            [
                ("available_in_pos", "=", True),
                ("sale_ok", "=", True),
                ("company_id", "in", [False, location.company_id.id]),
            ]
        )
        products.fetch(["display_name", "lst_price", "taxes_id", "product_tmpl_id"])
        return products

    def _variants(self, location, products, facts):
        prices = location._fynlo_prices(products)
        away = location.env["fynlo.availability"]._unavailable(location)
        groups = self._groups(products.product_tmpl_id, away, facts.digits)
        for product in products:
            yield VariantFacts(
                id=product.id,
                uuid=product.fynlo_uuid,
                product_uuid=product.product_tmpl_id.fynlo_uuid,
                name=product.display_name,
                price=prices[product.id],
                taxes=tuple(product.taxes_id.filtered(lambda tax: tax.company_id == location.company_id).ids),
                available=product.id not in away.variants and product.product_tmpl_id.id not in away.products,
                open_price=product.fynlo_open_price,
                halves=product.fynlo_halves,
                size=frozenset(product.product_template_attribute_value_ids.product_attribute_value_id.ids),
                groups=groups.get(product.product_tmpl_id.id, ()),
                combo=_combo(product, facts.digits),
            )

    def _groups(self, templates, away, digits):
        """Modifier groups by template id."""
        shared = {
            group: ModifierGroupFacts(
                uuid=group.fynlo_uuid,
                name=group.name,
                min=group.min_choices,
                max=group.max_choices,
                free=group.free_choices,
                modifiers={
                    modifier.fynlo_uuid: ModifierFacts(
                        id=modifier.id,
                        uuid=modifier.fynlo_uuid,
                        name=modifier.name,
                        price=to_minor(modifier.price, digits),
                        available=modifier.id not in away.modifiers,
                    )
                    for modifier in group.modifier_ids
                },
            )
            for group in templates.fynlo_modifier_group_ids
        }
        return {
            template.id: tuple(shared[group] for group in template.fynlo_modifier_group_ids)
            for template in templates
            if template.fynlo_modifier_group_ids
        }


def _empty(location, version):
    currency = location.currency_id
    return LocationFacts(
        version=version,
        location_id=location.id,
        location_uuid=location.fynlo_uuid,
        company_id=location.company_id.id,
        currency_id=currency.id,
        currency=currency.name,
        digits=currency.decimal_places,
        time_zone=location.fynlo_time_zone,
        day_start=location.fynlo_day_start,
        journal_id=location.journal_id.id,
        tip_product_id=location.tip_product_id.id or None,
        pricelist_id=location.pricelist_id.id or None,
        order_defaults=_defaults(location.env["pos.order"]),
        line_defaults=_defaults(location.env["pos.order.line"]),
        payment_defaults=_defaults(location.env["pos.payment"]),
        edit_tracking=location.order_edit_tracking,
        seeds=_seeds(location),
    )


def _mirrored(tax):
    """Whether ``tools/tax_mirror.py`` covers this tax; all others go to Odoo's own engine."""
    return tax.amount_type in MIRRORED_KINDS and not tax.has_negative_factor


def _rule(tax):
    return TaxRule(
        id=tax.id,
        uuid=tax.fynlo_uuid,
        kind=tax.amount_type,
        rate=tax.amount,
        included=tax.price_include,
        raises_base=tax.include_base_amount,
        base_affected=tax.is_base_affected,
        sequence=tax.sequence,
    )


def _list_prices(location, products, pricelist):
    """What the list says, if it may speak here: presets are shared by all companies, their lists are not."""
    if not pricelist or pricelist.company_id not in (location.company_id, location.env["res.company"]):
        return {}
    return location._fynlo_list_prices(products, pricelist)


def _service_charge(location):
    product = location.fynlo_service_product_id
    if not location.fynlo_service_charge_bp:
        return None
    return ServiceChargeFacts(
        rate_bp=location.fynlo_service_charge_bp,
        guests=location.fynlo_service_charge_guests,
        product_id=product.id,
        name=product.display_name,
        tax_ids=tuple(product.taxes_id.filtered(lambda tax: tax.company_id == location.company_id).ids),
    )


def _tax_map(position, taxes):
    """Which taxes a fiscal position replaces, and by which."""
    if not position:
        return {}
    mapped = {tax.id: tuple(position.map_tax(tax).ids) for tax in taxes}
    return {old: new for old, new in mapped.items() if new != (old,)}


def _combo(product, digits):
    return tuple(
        ComboChoiceFacts(
            id=choice.id,
            uuid=choice.fynlo_uuid,
            name=choice.name,
            base_price=to_minor(choice.base_price, digits),
            items={
                item.product_id.fynlo_uuid: (item.id, to_minor(item.extra_price, digits))
                for item in choice.combo_item_ids
            },
        )
        for choice in (product.combo_ids if product.type == "combo" else ())
    )


#: Columns that the order service always gives itself, or that must differ from row to row.
_GIVEN = {"id", "uuid", "create_uid", "create_date", "write_uid", "write_date", "date_order", "payment_date", "user_id"}


def _defaults(model):
    """The defaults of a model's columns, asked once instead of at every create."""
    names = [name for name, field in model._fields.items() if field.store and field.column_type and name not in _GIVEN]
    return {name: value for name, value in model.default_get(names).items() if name in names}


def _cash_rounding(location, digits):
    """The location's rule for the coins in use, when it has one that does anything."""
    rule = location.rounding_method
    if not location.cash_rounding or not rule:
        return None
    step = to_minor(rule.rounding, digits)
    return CashRounding(step, rule.rounding_method, location.only_round_cash_method) if step > 1 else None


def _seeds(location):
    """Constants that Odoo's own code looks at while an order is written."""
    currency, methods = location.currency_id, location.payment_method_ids
    config = {
        "currency_id": currency.id,
        "company_id": location.company_id.id,
        "journal_id": location.journal_id.id,
        "pricelist_id": location.pricelist_id.id or None,
        "default_fiscal_position_id": location.default_fiscal_position_id.id or None,
        "name": location.name,
        "active": True,
        "order_edit_tracking": location.order_edit_tracking,
        "cash_rounding": location.cash_rounding,
        "payment_method_ids": tuple(methods.ids),
        "self_order_online_payment_method_id": location.self_order_online_payment_method_id.id or None,
        "order_seq_id": location.order_seq_id.id,
    }
    money = {
        "rounding": currency.rounding,
        "decimal_places": currency.decimal_places,
        "name": currency.name,
        "active": True,
    }
    return (
        ("pos.config", location.id, config),
        ("res.currency", currency.id, money),
        ("res.company", location.company_id.id, {"currency_id": currency.id}),
        *(
            (
                "pos.payment.method",
                method.id,
                {"is_online_payment": method.is_online_payment, "is_cash_count": method.is_cash_count, "active": True},
            )
            for method in methods
        ),
    )
