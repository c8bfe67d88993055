"""Users: their Fynlo group follows the role of the employee they are linked to."""

from odoo import Command, fields, models

from . import roles


class ResUsers(models.Model):
    _inherit = "res.users"

    fynlo_location_ids = fields.Many2many(
        "pos.config",
        string="Fynlo locations",
        compute="_compute_fynlo_location_ids",
        compute_sudo=True,
        help="Where this user's employees may work; empty means everywhere in their companies.",
    )

    def _compute_fynlo_location_ids(self):
        """For record rules: empty when any of the user's employees is free to work everywhere."""
        for user in self:
            employees = user._fynlo_employees()
            bound = employees and all(employee.fynlo_location_ids for employee in employees)
            user.fynlo_location_ids = employees.fynlo_location_ids if bound else False

    def _fynlo_employees(self):
        """These users' active employees with a role, in every company; ``employee_ids`` knows the current ones only."""
        employees = self.env["hr.employee"].sudo().with_context(active_test=True)
        return employees.search([("user_id", "in", self.ids), ("fynlo_role", "!=", False)], order="id")

    def _fynlo_follow_employees(self):
        """Set each user's Fynlo group to the highest role among the own active employees."""
        groups = {role: roles.group_of(self.env, role) for role in roles.ROLES}
        for user in self:
            employees = user._fynlo_employees()
            wanted = max(employees.mapped("fynlo_role"), key=roles.rank, default=None)
            held = {role for role, group in groups.items() if group in user.group_ids}
            if held != ({wanted} if wanted else set()):
                commands = [Command.unlink(groups[role].id) for role in held if role != wanted]
                user.group_ids = commands + ([Command.link(groups[wanted].id)] if wanted else [])
            missing = employees.company_id - user.company_ids
            if missing:
                user.company_ids = [Command.link(company.id) for company in missing]

    def write(self, vals):
        """A role is set on the employee; groups that say otherwise are put right again. Archiving signs out."""
        result = super().write(vals)
        if vals.get("active") is False:
            self.env["fynlo.session"].sudo()._end_lost(self._fynlo_employees())
        if "group_ids" in vals:
            self._fynlo_employees().user_id._fynlo_follow_employees()
        return result
