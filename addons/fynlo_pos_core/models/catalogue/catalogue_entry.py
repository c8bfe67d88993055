"""Catalogue entries: the parts of the menu that managers keep through the API, each with a version."""

from odoo import api, fields, models

from ...rest import Invalid


def refused(field, code, detail):
    """The ``validation_failed`` of a rule that only the database can check."""
    return Invalid(detail, errors=[{"field": field, "code": code, "detail": detail}])


class FynloCatalogueEntry(models.AbstractModel):
    """A resource whose changes are counted, so that two managers do not overwrite each other unknowingly."""

    _name = "fynlo.catalogue.entry"
    _description = "Entry of the catalogue"
    _inherit = ["fynlo.resource.mixin", "fynlo.menu.part"]

    #: The field that names the owning company; empty there means shared by all.
    _company_field = "company_id"

    fynlo_version = fields.Integer("API version", default=1, required=True, readonly=True, copy=False)

    @api.model
    def _catalogue_domain(self, company_id):
        """What a company sees: its own entries and the shared ones."""
        return [(self._company_field, "in", [False, company_id])]

    @api.model
    def _catalogue_defaults(self):
        """What a new entry is unless its request says otherwise."""
        return {}

    @api.model
    def _catalogue_values(self, identity, sent):
        """Odoo values for the fields of a request; each kind of entry adds its own. Raises ``validation_failed``."""
        return {"active": sent["active"]} if "active" in sent else {}

    def _archive_entry(self):
        """Take the entry out of use; what was sold of it stays readable."""
        self.active = False

    def write(self, vals):
        """Every change that clients see gives the entry its next version."""
        if not self._menu_fields.isdisjoint(vals) and "fynlo_version" not in vals:
            vals = {**vals, "fynlo_version": max(self.sudo().mapped("fynlo_version"), default=0) + 1}
        return super().write(vals)
