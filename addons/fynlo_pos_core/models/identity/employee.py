"""Employees: who works here, in which role, at which locations, and with which Odoo user."""

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError

from ...rest import Invalid, declare
from ...tools.identifiers import uuid7
from . import roles

#: What decides a person's permissions; a change makes cached ones stale.
WATCHED = frozenset({"fynlo_role", "fynlo_location_ids", "active", "user_id", "company_id"})
#: What clients see of an employee; a change gives it a new version.
SHOWN = frozenset({"name", "fynlo_role", "fynlo_location_ids", "active", "user_id"})

declare(
    "email_taken",
    422,
    "E-mail address in use",
    "Somebody else signs in with this address.",
    "Ask for another address.",
)


class HrEmployee(models.Model):
    _name = "hr.employee"
    _inherit = ["hr.employee", "fynlo.resource.mixin"]
    _resource_name = "employee"

    fynlo_uuid = fields.Char(groups="hr.group_hr_user")
    fynlo_role = fields.Selection(
        roles.SELECTION,
        "Till role",
        groups="hr.group_hr_user",
        tracking=True,
        help="What this person may do on tills and in the back office. It sets the groups of the linked user.",
    )
    fynlo_location_ids = fields.Many2many(
        "pos.config",
        "fynlo_employee_location_rel",
        "employee_id",
        "location_id",
        "Locations",
        groups="hr.group_hr_user",
        domain="[('company_id', '=', company_id)]",
        help="Where this person may sign in. Empty means every location of the company.",
    )
    fynlo_version = fields.Integer("API version", default=1, readonly=True, copy=False, groups="hr.group_hr_user")
    fynlo_has_pin = fields.Boolean("PIN set", compute="_compute_fynlo_has_pin", groups="hr.group_hr_user")

    def _compute_fynlo_has_pin(self):
        known = self.env["fynlo.credential"].sudo().search([("employee_id", "in", self.ids)]).employee_id
        for employee in self:
            employee.fynlo_has_pin = employee in known

    # --- joining and leaving -----------------------------------------------------------------

    @api.model
    def _fynlo_hire(self, vals):
        """Make an employee with a role and a user of the own.

        Takes ``name``, ``company_id``, ``role`` and, where wanted, ``pin``, ``email``,
        ``password``, ``location_ids``. Raises ``validation_failed`` when the e-mail address
        belongs to somebody else.
        """
        self = self.sudo()
        company = self.env["res.company"].browse(vals["company_id"])
        user = self._fynlo_new_user(vals["name"], company, vals["role"], vals.get("email"), vals.get("password"))
        employee = self.with_company(company).create(
            {
                "name": vals["name"],
                "company_id": company.id,
                "user_id": user.id,
                "work_email": vals.get("email") or False,
                "fynlo_role": vals["role"],
                "fynlo_location_ids": [Command.set(vals.get("location_ids") or [])],
            }
        )
        if vals.get("pin"):
            employee._fynlo_set_pin(vals["pin"])
        return employee

    @api.model
    def _fynlo_new_user(self, name, company, role, email=None, password=None):
        users = self.env["res.users"].sudo().with_context(no_reset_password=True, active_test=False)
        login = (email or f"till-{uuid7()}").strip().lower()
        if users.search_count([("login", "=", login)], limit=1):
            raise Invalid(self.env._("This e-mail address is already in use."), code="email_taken", field="email")
        vals = {
            "name": name,
            "login": login,
            "email": email or False,
            "company_id": company.id,
            "company_ids": [Command.set(company.ids)],
            "group_ids": [Command.set(roles.group_of(self.env, role).ids)],
        }
        return users.create({**vals, "password": password} if password else vals)

    @api.model_create_multi
    def create(self, vals_list):
        self._fynlo_check_rank([vals.get("fynlo_role") for vals in vals_list])
        employees = super().create(vals_list)
        employees.filtered("fynlo_role")._fynlo_follow_role()
        for employee in employees.filtered("fynlo_role"):
            employee._fynlo_log("employee.hired", after=employee._fynlo_watched())
        return employees

    def write(self, vals):
        """A change of role, locations or state reaches the linked user, the caches and the audit log."""
        if (WATCHED | SHOWN) & vals.keys():
            self._fynlo_check_rank([vals.get("fynlo_role"), *self.sudo().mapped("fynlo_role")])
        if not WATCHED & vals.keys():
            return super().write(self._fynlo_with_version(vals))
        before = {employee: employee._fynlo_watched() for employee in self}
        users = self.sudo().user_id
        result = super().write(self._fynlo_with_version(vals))
        ours = self.filtered(lambda employee: employee.sudo().fynlo_role or before[employee]["role"])
        if ours:
            ours._fynlo_follow_role(users)
            self.env.registry.clear_cache()  # record rules by location are cached per user
        for employee in ours:
            after = employee._fynlo_watched()
            if after != before[employee]:
                employee._fynlo_log("employee.changed", before=before[employee], after=after)
        return result

    def _fynlo_with_version(self, vals):
        """``vals`` with the next version, when they change what clients see."""
        if not SHOWN & vals.keys() or "fynlo_version" in vals:
            return vals
        return {**vals, "fynlo_version": max(self.sudo().mapped("fynlo_version"), default=0) + 1}

    # --- role ----------------------------------------------------------------------------------

    def _fynlo_check_rank(self, affected_roles):
        """Nobody grants a role above the own, nor changes someone above. Services check before ``sudo()``."""
        if self.env.su or not any(affected_roles):
            return
        own = roles.rank_of_user(self.env.user)
        if any(roles.rank(role) > own for role in affected_roles):
            raise AccessError(self.env._("You cannot grant a role above yours, nor change someone who has one."))

    def _fynlo_follow_role(self, former_users=None):
        """Bring users, caches and sessions in line with roles, locations and active flags."""
        employees = self.sudo()
        for employee in employees.filtered(lambda one: one.fynlo_role and not one.user_id):
            employee.user_id = self._fynlo_new_user(employee.name, employee.company_id, employee.fynlo_role)
        (employees.user_id | (former_users or self.env["res.users"])).sudo()._fynlo_follow_employees()
        employees.company_id._fynlo_bump_permissions(employees)
        self.env["fynlo.session"].sudo()._end_lost(employees)

    def _fynlo_watched(self):
        """What the audit log keeps of a change."""
        employee = self.sudo()
        return {
            "role": employee.fynlo_role or None,
            "active": employee.active,
            "locations": sorted(employee.fynlo_location_ids.mapped("fynlo_uuid")),
        }

    def _fynlo_log(self, action, **details):
        self.env["fynlo.audit.log"]._record(
            action,
            company_id=self.sudo().company_id.id,
            resource=("employee", self.sudo().fynlo_uuid),
            **details,
        )

    # --- sign-in -------------------------------------------------------------------------------

    def _fynlo_set_pin(self, pin):
        """Replace the PIN. Raises ``validation_failed`` unless it is 4 to 8 digits."""
        self.ensure_one()
        self.env["fynlo.credential"].sudo()._set_pin(self.sudo(), pin)
        self._fynlo_log("employee.pin_set")

    def _fynlo_may_work_at(self, location):
        """Whether the employee may sign in at a location."""
        employee = self.sudo()
        if location.company_id != employee.company_id or not location.active:
            return False
        return not employee.fynlo_location_ids or location in employee.fynlo_location_ids

    @api.model
    def _fynlo_at(self, location):
        """Everyone who may sign in at ``location``, by name."""
        everyone = self.sudo().search(
            [("company_id", "=", location.company_id.id), ("fynlo_role", "!=", False)], order="name, id"
        )
        return everyone.filtered(lambda employee: employee._fynlo_may_work_at(location))

    # --- shape -----------------------------------------------------------------------------------

    def _fynlo_name_values(self):
        """The short shape that sign-in screens and answers show."""
        employee = self.sudo()
        return {"id": employee.fynlo_uuid, "name": employee.name, "role": employee.fynlo_role}

    def _api_values(self):
        employee = self.sudo()
        login = employee.user_id.login or ""
        return {
            **employee._fynlo_name_values(),
            "email": login if "@" in login else None,
            "active": employee.active,
            "has_pin": employee.fynlo_has_pin,
            "locations": [
                {"id": location.fynlo_uuid, "name": location.name} for location in employee.fynlo_location_ids
            ],
            "version": employee.fynlo_version,
        }
