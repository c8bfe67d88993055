"""Menu parts: records that a menu or a price is made of, and whose change tills must hear of."""

from odoo import api, models


class FynloMenuPart(models.AbstractModel):
    """Moves the catalogue version on when one of ``_menu_fields`` is written, or a record comes or goes.

    Other writes (a cost, a chatter message) leave the prepared menus alone.
    """

    _name = "fynlo.menu.part"
    _description = "Part of the menu"

    #: The fields that a menu, or the pricing of an order, depends on.
    _menu_fields = frozenset()

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._menu_changed()
        return records

    def write(self, vals):
        shows = not self._menu_fields.isdisjoint(vals)
        if shows:
            self._menu_changed()  # for the companies that lose the record, too
        done = super().write(vals)
        if shows:
            self._menu_changed()
            self._touch_owners()
        return done

    def unlink(self):
        self._menu_changed()
        self._touch_owners()
        return super().unlink()

    def _update_field_translations(self, field_name, translations, digest=None, source_lang=""):
        if field_name in self._menu_fields:
            self._menu_changed()
        return super()._update_field_translations(field_name, translations, digest=digest, source_lang=source_lang)

    def _menu_changed(self):
        if self:
            self.env["fynlo.catalogue"]._bump(self.sudo()._menu_companies().ids)

    def _touch_owners(self):
        """What shows in the shape of its owner (a size in its product) is a change of the owner."""
        owners = self.sudo()._menu_owners()
        if owners._name != self._name and "fynlo_version" in owners._fields:
            for owner in owners:
                owner.fynlo_version += 1

    def _menu_companies(self):
        """The companies whose menus show these records; all of them for a record without a company."""
        owners = self._menu_owners()
        companies = owners.company_id
        if any(not owner.company_id for owner in owners):
            companies = self.env["res.company"].search([])
        return companies

    def _menu_owners(self):
        """The records that say to which company these belong; by default they say it themselves."""
        return self
