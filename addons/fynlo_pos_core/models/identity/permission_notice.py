"""Permission notices: one event a company and transaction tells what each role may follow from now on."""

from odoo import api, models

from . import access, roles

OWED = "fynlo.permission_notice"


class FynloPermissionNotice(models.AbstractModel):
    """Gateways narrow live connections by it, and refuse topics to tokens of an older version."""

    _name = "fynlo.permission.notice"
    _description = "Notice of changed permissions"

    @api.model
    def _owe(self, companies, employees):
        """Tell of these companies, and of what these employees now are, when the transaction commits.

        However many are named, one by one or together, each company gets one event. It says how
        things are at the commit, so nothing that was undone meanwhile is in it.
        """
        precommit = self.env.cr.precommit
        owed = precommit.data.get(OWED)
        if owed is None:
            owed = precommit.data[OWED] = {}
            precommit.add(self.sudo()._tell)
        for company in companies:
            owed.setdefault(company.id, set())
        for employee in employees:
            owed.setdefault(employee.company_id.id, set()).add(employee.id)

    def _tell(self):
        owed = self.env.cr.precommit.data.pop(OWED, {})
        for company in self.env["res.company"].browse(owed):
            employees = self.env["hr.employee"].browse(owed[company.id])
            self.env["fynlo.outbox"]._emit(
                company.id,
                f"c.{company.fynlo_uuid}.sync",
                "permissions.changed",
                company.fynlo_uuid,
                {
                    "perm_version": company.fynlo_perm_version,
                    "topics": {role: self._templates(company, role) for role in roles.ROLES},
                    "employees": {employee.fynlo_uuid: _role_at_work(employee) for employee in employees},
                },
            )

    def _templates(self, company, role):
        """The topics of a role, with ``{location}`` and the like where a token's own claims belong."""
        codes = self.env["fynlo.access"]._permissions_of(company, role)
        return [template for template, permission in access.TOPICS if permission is None or permission in codes]


def _role_at_work(employee):
    return (employee.active and employee.fynlo_role) or None
