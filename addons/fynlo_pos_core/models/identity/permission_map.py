"""Permission map: which roles hold which permission, one row a company and permission."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import SQL

from ...rest import Problem
from . import roles


class FynloPermissionMap(models.Model):
    _name = "fynlo.permission.map"
    _description = "Permission map"
    _order = "company_id, resource, code"
    _rec_name = "code"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    permission_id = fields.Many2one("fynlo.permission", required=True, readonly=True, ondelete="cascade")
    code = fields.Char(related="permission_id.code", store=True)
    resource = fields.Char(related="permission_id.resource", store=True)
    name = fields.Char(related="permission_id.name")
    description = fields.Text(related="permission_id.description")
    kitchen = fields.Boolean()
    server = fields.Boolean()
    cashier = fields.Boolean()
    supervisor = fields.Boolean()
    manager = fields.Boolean()
    owner = fields.Boolean(default=True, readonly=True, help="An owner may do everything in the own company.")

    _row_unique = models.UniqueIndex("(company_id, permission_id)", "This permission is already on the map.")

    @api.model
    def _fill(self, companies):
        """Give each company the rows it lacks, with the permission's own defaults."""
        known = {
            (row.company_id.id, row.permission_id.id) for row in self.search([("company_id", "in", companies.ids)])
        }
        missing = [
            {"company_id": company.id, "permission_id": permission.id, **_defaults(permission.lowest_role)}
            for company in companies
            for permission in self.env["fynlo.permission"].search([])
            if (company.id, permission.id) not in known
        ]
        self.create(missing)
        companies._fynlo_bump_permissions()

    @api.model
    def _of_role(self, company_id, role):
        """The codes that ``role`` holds in a company, read afresh."""
        if role not in roles.ROLES:
            return frozenset()
        self.flush_model()
        # one statement on the way of every first request after a change, without loading records
        rows = self.env.execute_query(
            SQL(
                "SELECT code FROM fynlo_permission_map WHERE company_id = %s AND %s",
                company_id,
                SQL.identifier(role),
            )
        )
        return frozenset(code for (code,) in rows)

    def write(self, vals):
        """Change who may do what; the change is on the audit log and in force with the next request."""
        if not self.env.su and vals.keys() - set(roles.ROLES):
            raise AccessError(self.env._("Only the roles of a permission can be changed."))
        changed = {name: bool(vals[name]) for name in roles.ROLES if name in vals}
        if "owner" in changed and not changed["owner"]:
            raise ValidationError(self.env._("An owner keeps every permission."))
        self._check_own_rank(changed)
        before = {row: {role: row[role] for role in changed} for row in self}
        result = super().write(vals)
        for row in self:
            if before[row] != changed:
                self.env["fynlo.audit.log"]._record(
                    "permission.changed",
                    company_id=row.company_id.id,
                    resource=("permission", row.code),
                    before=before[row],
                    after=changed,
                )
        self.company_id._fynlo_bump_permissions()
        return result

    def _change(self, actor_role, changes):
        """Change a row for an employee of ``actor_role``, whose rank limits it."""
        if any(roles.rank(role) > roles.rank(actor_role) for role in changes):
            raise Problem("permission_denied", "You cannot change what a role above yours may do.")
        self.write(changes)

    def _check_own_rank(self, changed):
        """Nobody widens the rights of a role above the own, nor takes them from it."""
        own = roles.rank_of_user(self.env.user) if not self.env.su else len(roles.ROLES)
        if any(roles.rank(role) > own for role in changed):
            raise AccessError(self.env._("You cannot change what a role above yours may do."))

    def _api_values(self):
        return {
            "code": self.code,
            "name": self.name,
            "description": self.description or None,
            "roles": {role: self[role] for role in roles.ROLES},
        }


def _defaults(lowest_role):
    lowest = roles.rank(lowest_role)
    return {role: roles.rank(role) >= lowest for role in roles.ROLES}
