"""The menu of a location: one document with all that a till sells, prepared once a version."""

import json
from itertools import groupby
from operator import itemgetter

from odoo import api, models
from odoo.modules import get_manifest
from odoo.tools import html2plaintext

from ...tools import clock, prepared_bytes
from ...tools.money import to_minor
from . import menu_rows

#: Odoo's palette, by the number that its colour picker stores; 0 is no colour.
PALETTE = (
    None, "#F06050", "#F4A460", "#F7CD1F", "#6CC1ED", "#814968", "#EB7E7F", "#2C8397", "#475577", "#D6145F", "#30C381",
    "#9365B8",
)  # fmt: skip

_cache = prepared_bytes.cache_of_answers("menu", shape=get_manifest("fynlo_pos_core")["version"])


class FynloMenu(models.AbstractModel):
    """Builds and keeps menus. Reads only; what changes a menu is in the models of its parts."""

    _name = "fynlo.menu"
    _description = "Menu of a location"

    @api.model
    def _prepared(self, location_id, location_uuid, version):
        """The location's menu as :class:`~...tools.prepared_bytes.Prepared`, for this catalogue version.

        Without a database query when it was prepared before. It is made anew when the version
        moves on, when the business day changes and when a dated price begins or ends.
        """
        key = f"{self.env.cr.dbname}:{location_uuid}"
        settled = self.env["fynlo.catalogue"]._is_settled()
        return _cache.obtain(key, version, lambda: self._prepare(location_id, version), keep=settled)

    @api.model
    def _prepare(self, location_id, version):
        sheet = MenuSheet(self.env, location_id, clock.now())
        raw = json.dumps(sheet.document(version), separators=(",", ":"), ensure_ascii=False).encode()
        return prepared_bytes.prepare(raw, f"m{version}", sheet.fresh_until(), sheet.place["cache_s"])

    @api.model
    def _floors(self, location_id):
        """The location's floors with their tables, as on its menu."""
        self.env.cr.execute(menu_rows.TABLES, {"location_id": location_id})
        return _floors(self.env.cr.dictfetchall())


class MenuSheet:
    """One menu in the making: what the parts need to know of each other."""

    def __init__(self, env, location_id, moment):
        self.env = env
        self.moment = moment
        (self.place,) = self._rows(menu_rows.LOCATION, location_id=location_id)
        self.zone = (self.place["fynlo_time_zone"], self.place["fynlo_day_start"])
        self.business_date = clock.business_date(moment, *self.zone)
        special = env["pos.config"].sudo()._get_special_products().product_tmpl_id
        on_menu = {row["id"]: row["alone"] for row in self._rows(menu_rows.ON_MENU, special_ids=special.ids)}
        self.place["product_ids"] = list(on_menu)
        self.place["sold_ids"] = [product_id for product_id, alone in on_menu.items() if alone]
        self.sold = frozenset(self.place["sold_ids"])
        self._read_availability()

    def document(self, version):
        """The menu in the shape of the contract."""
        products = self._products_with_links()
        presets = self._rows(menu_rows.PRESETS)
        taxes = self._taxes(products, presets)
        combos = self._combos()
        return {
            "version": version,
            "currency": self.place["currency"],
            "prices_include_tax": self._includes_tax(products, taxes),
            "business_date": self.business_date.isoformat(),
            "categories": [_category(row) for row in self._rows(menu_rows.CATEGORIES)],
            "products": self._products(products, taxes, combos),
            "modifier_groups": self._modifier_groups(),
            "combos": list(combos.values()),
            "taxes": [_tax(row) for row in taxes.values() if row["amount_type"] != "group"],
            "presets": [_preset(row) for row in presets],
            "discounts": [self._discount(row) for row in self._rows(menu_rows.DISCOUNTS)],
            "floors": _floors(self._rows(menu_rows.TABLES)),
        }

    def fresh_until(self):
        """The naive UTC moment at which the clock alone changes this menu."""
        next_day = self.business_date.fromordinal(self.business_date.toordinal() + 1)
        next_begin = clock.day_begins(next_day, *self.zone)
        if not self.place["pricelist_id"]:
            return next_begin
        self.env.cr.execute(menu_rows.NEXT_PRICE_CHANGE, {**self.place, "moment": self.moment})
        next_price = self.env.cr.fetchone()[0]
        return min(next_begin, next_price) if next_price else next_begin

    # --- parts ---------------------------------------------------------------------------

    def _products_with_links(self):
        """The rows of the products, each with the lists of what belongs to it."""
        links = {}
        for row in self._rows(menu_rows.LINKS):
            value = int(row["value"]) if row["kind"] == "tax_ids" else row["value"]
            links.setdefault((row["kind"], row["product_id"]), []).append(value)
        kinds = ("category_ids", "allergens", "modifier_group_ids", "tax_ids")
        rows = self._rows(menu_rows.PRODUCTS)
        return [{**row, **{kind: links.get((kind, row["id"]), []) for kind in kinds}} for row in rows]

    def _products(self, rows, taxes, combos):
        variants = self._variants()
        return [self._product(row, variants.get(row["id"], []), taxes, combos) for row in rows]

    def _product(self, row, variants, taxes, combos):
        open_for_sale, stock = self.product_state.get(row["id"], (True, None))
        for variant in variants:
            variant["available"] = variant["available"] and open_for_sale
        combo = combos.get(row["id"])
        return {
            "id": row["uuid"],
            "category_ids": row["category_ids"],
            "name": row["name"],
            "description": _plain(row["description_html"]) or row["description"],
            "image_url": _image_url(row),
            "allergens": row["allergens"],
            "position": row["position"],
            "available": open_for_sale and any(variant["available"] for variant in variants),
            "stock": stock,
            "sold_alone": row["id"] in self.sold,
            "open_price": row["open_price"],
            "modifier_group_ids": row["modifier_group_ids"],
            "tax_ids": [taxes[tax_id]["uuid"] for tax_id in _leaves(row["tax_ids"], taxes)],
            "variants": variants,
            "combo": combo["id"] if combo else None,
        }

    def _variants(self):
        """Variants by product, in the order of their sizes."""
        rows = self._rows(menu_rows.VARIANTS)
        prices = self._prices(rows)
        return {
            product_id: [self._variant(row, prices[row["id"]]) for row in group]
            for product_id, group in groupby(rows, itemgetter("product_tmpl_id"))
        }

    def _variant(self, row, price):
        available, stock = self.variant_state.get(row["id"], (True, None))
        return {
            "id": row["uuid"],
            "name": row["name"],
            "sku": row["sku"],
            "barcode": row["barcode"],
            "price": {"amount": price, "currency": self.place["currency"]},
            "available": available,
            "stock": stock,
        }

    def _prices(self, rows):
        """The sales price is in the rows; price lists and other currencies are for Odoo's own engine."""
        if not self.place["pricelist_id"] and not self.place["is_foreign"]:
            return {row["id"]: to_minor(row["price"], self.place["digits"]) for row in rows}
        location = self.env["pos.config"].sudo().browse(self.place["location_id"])
        return location._fynlo_prices(self.env["product.product"].browse([row["id"] for row in rows]))

    def _modifier_groups(self):
        by_group = {
            group_id: [self._modifier(row) for row in rows]
            for group_id, rows in groupby(self._rows(menu_rows.MODIFIERS), itemgetter("group_id"))
        }
        return [
            {
                "id": row["uuid"],
                "name": row["name"],
                "min": row["min_choices"],
                "max": row["max_choices"] or None,
                "free": row["free_choices"],
                "modifiers": by_group.get(row["id"], []),
            }
            for row in self._rows(menu_rows.MODIFIER_GROUPS)
        ]

    def _modifier(self, row):
        available, _stock = self.modifier_state.get(row["id"], (True, None))
        available = available and row["uuid"] not in self.modifiers_without
        return {"id": row["uuid"], "name": row["name"], "price": self._money(row["price"]), "available": available}

    def _combos(self):
        """Combos by product. A combo has the id of its product."""
        return {
            product_id: {"id": uuid, "choices": [self._choice(row) for row in rows]}
            for (product_id, uuid), rows in groupby(
                self._rows(menu_rows.COMBO_CHOICES), itemgetter("product_tmpl_id", "product_uuid")
            )
        }

    def _choice(self, row):
        extras = [self._money(extra) for extra in row["extra_prices"]]
        return {
            "id": row["uuid"],
            "name": row["name"],
            "max": row["qty_max"],
            "free": row["qty_free"],
            "variant_ids": row["variant_ids"],
            "extra_price": min(extras, key=itemgetter("amount")),
            "extra_prices": dict(zip(row["variant_ids"], extras, strict=True)),
        }

    def _taxes(self, products, presets):
        tax_ids = sorted({tax_id for product in products for tax_id in product["tax_ids"]})
        positions = [row["fiscal_position_id"] for row in presets if row["fiscal_position_id"]]
        rows = self._rows(menu_rows.TAXES, tax_ids=tax_ids, fiscal_position_ids=positions)
        return {row["id"]: row for row in rows}

    def _includes_tax(self, products, taxes):
        used = {tax_id for product in products for tax_id in _leaves(product["tax_ids"], taxes)}
        if not used:
            return self.place["company_includes_tax"]
        return all(taxes[tax_id]["included"] for tax_id in used)

    def _discount(self, row):
        is_percent = row["kind"] == "percent"
        return {
            "id": row["uuid"],
            "name": row["name"],
            "kind": row["kind"],
            "value_bp": row["value_bp"] if is_percent else None,
            "amount": None if is_percent else self._money(row["amount"]),
            "scope": row["scope"],
            "permission": row["permission"],
        }

    def _read_availability(self):
        self.product_state, self.variant_state, self.modifier_state = {}, {}, {}
        self.modifiers_without = set()
        for row in self._rows(menu_rows.AVAILABILITY):
            state = (row["available"], row["stock"])
            if row["product_tmpl_id"]:
                self.product_state[row["product_tmpl_id"]] = state
            elif row["product_id"]:
                self.variant_state[row["product_id"]] = state
            else:
                self.modifier_state[row["modifier_id"]] = state
        self._read_stock()

    def _read_stock(self):
        """What is in stock, where no portions are counted; what lacks an ingredient is off the menu."""
        stock = self.env["fynlo.stock.sheet"]._of_menu(self.place["location_id"], self.place["product_ids"])
        for variant_id, pieces in stock.pieces.items():
            self.variant_state.setdefault(variant_id, (True, pieces))
        for variant_id, uuid in stock.away:
            if variant_id:
                self.variant_state[variant_id] = (False, stock.pieces.get(variant_id))
            else:
                self.modifiers_without.add(uuid)

    # --- reading -------------------------------------------------------------------------

    def _rows(self, statement, **parameters):
        self.env.cr.execute(statement, {**getattr(self, "place", {}), **parameters})
        return self.env.cr.dictfetchall()

    def _money(self, amount):
        return {"amount": to_minor(amount, self.place["digits"]), "currency": self.place["currency"]}


def _category(row):
    return {
        "id": row["uuid"],
        "name": row["name"],
        "parent_id": row["parent_uuid"],
        "position": row["position"] or 0,
        "colour": PALETTE[(row["color"] or 0) % len(PALETTE)],
    }


def _tax(row):
    is_rate = row["amount_type"] in {"percent", "division"}
    return {
        "id": row["uuid"],
        "name": row["name"],
        "rate_bp": to_minor(row["amount"], 2) if is_rate else 0,
        "included": row["included"],
    }


def _preset(row):
    return {"id": row["uuid"], "name": row["name"], "kind": row["kind"]}


def _floors(rows):
    floors = []
    for (uuid, name), tables in groupby(rows, itemgetter("floor_uuid", "floor_name")):
        floors.append({"id": uuid, "name": name, "tables": [_table(row) for row in tables if row["uuid"]]})
    return floors


def _table(row):
    return {
        "id": row["uuid"],
        "name": row["name"],
        "seats": row["seats"],
        "x": int(row["position_h"] or 0),
        "y": int(row["position_v"] or 0),
        "width": int(row["width"] or 0),
        "height": int(row["height"] or 0),
        "shape": row["shape"],
    }


def _leaves(tax_ids, taxes):
    """The taxes that are charged: a group of taxes stands for its parts."""
    for tax_id in tax_ids:
        tax = taxes.get(tax_id)
        if tax and tax["amount_type"] == "group":
            yield from _leaves(tax["children"], taxes)
        elif tax:
            yield tax_id


def _plain(html):
    return html2plaintext(html).strip() if html else ""


def _image_url(row):
    """Where the picture is; the checksum makes it a new address for a new picture."""
    return f"/api/v1/products/{row['uuid']}/image?v={row['image'][:12]}" if row["image"] else None
