"""Price lists: other prices by location, by time or by the way an order is served."""

from odoo import Command, api, fields, models

from ...rest import Problem, declare
from .catalogue_entry import part_commands, refused

declare(
    "price_list_in_use",
    409,
    "Price list in use",
    "A location, a preset or a price window takes its prices from this list.",
    "Take the list away from them first (`location_ids`, `preset_ids`, `windows`), then archive it.",
)


class ProductPricelist(models.Model):
    """Says what some products cost; it is silent on the others, which keep their price."""

    _name = "product.pricelist"
    _inherit = ["product.pricelist", "fynlo.catalogue.entry"]
    _resource_name = "price_list"
    _menu_fields = frozenset(
        {
            "name", "active", "currency_id", "company_id", "item_ids", "fynlo_window_ids", "fynlo_preset_ids",
            "fynlo_location_ids",
        }
    )  # fmt: skip

    fynlo_window_ids = fields.One2many("fynlo.price.window", "pricelist_id", "Price windows")
    fynlo_preset_ids = fields.One2many("pos.preset", "pricelist_id", "Presets with these prices")
    fynlo_location_ids = fields.Many2many(
        "pos.config",
        string="Locations with these prices",
        compute="_compute_fynlo_locations",
        inverse="_inverse_fynlo_locations",
    )

    def _compute_fynlo_locations(self):
        locations = self._fynlo_locations()
        for pricelist in self:
            pricelist.fynlo_location_ids = locations.filtered(lambda one, own=pricelist: one.pricelist_id == own)

    def _inverse_fynlo_locations(self):
        """A location has one price list of its own; one that loses it sells at the sales prices."""
        for pricelist in self:
            before, after = pricelist._fynlo_locations(), pricelist.fynlo_location_ids
            (before - after).write(
                {"pricelist_id": False, "available_pricelist_ids": [Command.unlink(pricelist.id)]},
            )
            (after - before).write(
                {
                    "use_pricelist": True,
                    "available_pricelist_ids": [Command.link(pricelist.id)],
                    "pricelist_id": pricelist.id,
                }
            )

    def _fynlo_locations(self):
        """The locations whose prices are those of these lists."""
        return self.env["pos.config"].search(
            [("pricelist_id", "in", self.ids), ("use_pricelist", "=", True), ("active", "=", True)]
        )

    @api.constrains("active")
    def _check_fynlo_use(self):
        """Prices do not change because somebody tidies up. Raises ``price_list_in_use``."""
        for pricelist in self.filtered(lambda one: not one.active).sudo():
            windows = pricelist.fynlo_window_ids.filtered("active")
            users = [*pricelist._fynlo_locations(), *pricelist.fynlo_preset_ids, *windows]
            if users:
                names = ", ".join(user.display_name for user in users)
                raise Problem("price_list_in_use", self.env._("These take their prices from it: %s.", names))

    @api.model
    def _catalogue_values(self, identity, sent):
        values = super()._catalogue_values(identity, sent)
        if "name" in sent:
            values["name"] = sent["name"]
        if "items" in sent:
            values["item_ids"] = self._item_commands(identity, sent["items"])
        if "windows" in sent:
            values["fynlo_window_ids"] = self._window_commands(identity, sent)
        if "location_ids" in sent:
            own = [("company_id", "=", identity.company_id), ("active", "=", True)]
            values["fynlo_location_ids"] = [
                Command.set(self._users("pos.config", sent["location_ids"], "location_ids", own).ids)
            ]
        if "preset_ids" in sent:
            presets = self._users("pos.preset", sent["preset_ids"], "preset_ids", [])
            self._check_presets(identity, presets)
            values["fynlo_preset_ids"] = [Command.set(presets.ids)]
        return values

    def _item_commands(self, identity, sent):
        items = self.env["product.pricelist.item"]
        currency = self.currency_id or self.env["res.company"].browse(identity.company_id).currency_id
        commands = part_commands(
            self._fynlo_items(), sent, "items", lambda one, field: items._item_values(identity, one, field, currency)
        )
        seen = set()
        for place, one in enumerate(sent):
            target = items._target_of(one)
            if target in seen:
                raise refused(f"items[{place}]", "duplicate", "The list has a price for this already.")
            seen.add(target)
        return commands

    def _window_commands(self, identity, sent):
        windows = self._fynlo_windows(identity.company_id)
        new = {"name": sent.get("name") or self.name, "company_id": identity.company_id}
        return part_commands(
            windows, sent["windows"], "windows", lambda one, field: windows._window_values(identity, one, field), new
        )

    def _users(self, model, uuids, field, domain):
        """The locations or presets that a request names. Raises ``validation_failed`` for the first unknown one."""
        found = self.env[model].search([*domain, ("fynlo_uuid", "in", [str(uuid) for uuid in uuids])])
        known = set(found.mapped("fynlo_uuid"))
        for place, uuid in enumerate(uuids):
            if str(uuid) not in known:
                raise refused(f"{field}[{place}]", "unknown_id", "There is no such thing with this id.")
        return found

    def _check_presets(self, identity, presets):
        """Presets belong to no company, so that one company could change the prices of another."""
        elsewhere = self.env["pos.config"].search_count(
            [
                ("company_id", "!=", identity.company_id),
                "|",
                ("available_preset_ids", "in", presets.ids),
                ("default_preset_id", "in", presets.ids),
            ],
            limit=1,
        )
        if elsewhere:
            raise refused("preset_ids", "shared", "Other companies use this preset too; change it in the back office.")

    def _fynlo_items(self):
        """The rules that the API can tell, in the order in which they were added."""
        return self.item_ids.filtered(lambda item: item._is_plain()).sorted("id")

    def _fynlo_windows(self, company_id):
        return self.fynlo_window_ids.filtered(lambda window: window.active and window.company_id.id == company_id)

    def _api_values(self):
        """The list as the company of the environment sees it."""
        self.ensure_one()
        company, items = self.env.company, self._fynlo_items()
        return {
            "id": self.fynlo_uuid,
            "name": self.name,
            "currency": self.currency_id.name,
            "items": [item._api_values() for item in items],
            "other_items": len(self.item_ids - items),
            "windows": [window._api_values() for window in self._fynlo_windows(company.id)],
            "location_ids": self.fynlo_location_ids.filtered(lambda one: one.company_id == company).mapped(
                "fynlo_uuid"
            ),
            "preset_ids": self.fynlo_preset_ids.mapped("fynlo_uuid"),
            "active": self.active,
            "version": self.fynlo_version,
        }
