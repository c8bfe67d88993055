"""Categories: the pages of a menu."""

from odoo import api, fields, models

from .catalogue_entry import refused
from .menu import PALETTE


class PosCategory(models.Model):
    """A category belongs to a company, or to none and then all may use it."""

    _name = "pos.category"
    _inherit = ["pos.category", "fynlo.catalogue.entry"]
    _resource_name = "category"
    _company_field = "fynlo_company_id"
    _menu_fields = frozenset({"name", "parent_id", "sequence", "color", "fynlo_company_id"})

    fynlo_company_id = fields.Many2one("res.company", "Company", index=True, help="Empty: every company may use it.")

    def _menu_companies(self):
        if self and all(category.fynlo_company_id for category in self):
            return self.fynlo_company_id
        return self.env["res.company"].search([])

    @api.model
    def _catalogue_values(self, identity, sent):
        values = {
            column: sent[name] for name, column in {"name": "name", "position": "sequence"}.items() if name in sent
        }
        if "parent_id" in sent:
            parent = sent["parent_id"] and [sent["parent_id"]]
            found = self.env["fynlo.catalogue.desk"]._find_all(identity, "pos.category", parent or [], "parent_id")
            if self and self in found._fynlo_lineage():
                raise refused("parent_id", "circular", "A category cannot stand below itself.")
            values["parent_id"] = found.id
        if "colour" in sent:
            values["color"] = PALETTE.index(sent["colour"])
        return values

    def _fynlo_lineage(self):
        """The category and all above it."""
        return self | self.parent_id._fynlo_lineage() if self else self

    def _archive_entry(self):
        """Categories cannot be archived; products lose this one."""
        self.unlink()

    def _api_values(self):
        self.ensure_one()
        return {
            "id": self.fynlo_uuid,
            "name": self.name,
            "parent_id": self.parent_id.fynlo_uuid or None,
            "position": self.sequence,
            "colour": PALETTE[self.color % len(PALETTE)],
            "version": self.fynlo_version,
        }
