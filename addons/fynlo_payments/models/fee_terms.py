"""Terms by date that money is reckoned with: every change of them is on the audit log, none is deleted."""

from odoo import api, models
from odoo.exceptions import UserError


class FynloFeeTerms(models.AbstractModel):
    """Rows of a table of terms. ``_table_name`` names them on the audit log, ``_told`` what it tells of them."""

    _name = "fynlo.fee.terms"
    _description = "Terms by date"
    _inherit = ["fynlo.resource.mixin"]
    _told = ()

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        for record in records:
            record._note("created", None, record._audited())
        return records

    def write(self, vals):
        before = {record: record._audited() for record in self}
        result = super().write(vals)
        for record in self:
            if record._audited() != before[record]:
                record._note("changed", before[record], record._audited())
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        """Charges were reckoned with them; archive what is over."""
        raise UserError(self.env._("Terms are archived, not deleted: charges were reckoned with them."))

    def _note(self, verb, before, after):
        company = self.company_id if "company_id" in self._fields else self.env["res.company"]
        self.env["fynlo.audit.log"]._record(
            f"{self._resource_name}.{verb}",
            company_id=(company or self.env.company).id,
            resource=(self._resource_name, self.fynlo_uuid),
            before=before,
            after=after,
        )

    def _audited(self):
        """The record as JSON: linked records by name, days as text."""
        return {name: self._told_value(name) for name in self._told}

    def _told_value(self, name):
        kind, value = self._fields[name].type, self[name]
        if kind == "many2one":
            return value.display_name or None
        return str(value) if kind == "date" else value
