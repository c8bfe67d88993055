"""Catalogue entries: the parts of the menu that managers keep through the API, each with a version."""

from odoo import Command, api, fields, models

from ...rest import Invalid


def refused(field, code, detail):
    """The ``validation_failed`` of a rule that only the database can check."""
    return Invalid(detail, errors=[{"field": field, "code": code, "detail": detail}])


def part_commands(parts, sent, field, values_of, new=None):
    """Make the ``parts`` of an entry those of the request: known ids change, the rest of it joins, others go.

    ``values_of(one, field)`` gives the Odoo values of one of them; ``new`` is what only newcomers get.
    """
    known = {part.fynlo_uuid: part for part in parts}
    commands = []
    for place, one in enumerate(sent):
        here, uuid = f"{field}[{place}]", one.get("id")
        found = known.pop(str(uuid), None)
        if uuid and not found:
            raise refused(f"{here}.id", "unknown_id", "The entry has no such part, or it is named twice.")
        values = values_of(one, here)
        commands.append(Command.update(found.id, values) if found else Command.create({**(new or {}), **values}))
    return commands + [Command.delete(part.id) for part in known.values()]


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
