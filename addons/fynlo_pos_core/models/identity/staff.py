"""What one employee may do to another: hire, change, archive, give a PIN."""

from odoo import Command, api, models
from odoo.tools import email_normalize

from ...rest import Invalid, NotFound, Problem, current_call
from . import roles


class FynloStaff(models.AbstractModel):
    """Acts for the identity it is given; nobody reaches above the own role or outside the own company."""

    _name = "fynlo.staff"
    _description = "Staff of a company"

    @api.model
    def _find(self, identity, uuid):
        """The employee with this public id in the caller's company. Raises ``not_found``."""
        employees = self.env["hr.employee"].sudo().with_context(active_test=False)
        domain = [("fynlo_uuid", "=", str(uuid)), ("company_id", "=", identity.company_id), ("fynlo_role", "!=", False)]
        found = employees.search(domain, limit=1)
        if not found:
            raise NotFound("There is no employee with this id.")
        return found

    @api.model
    def _list(self, identity, *, after_id=0, limit=50, search=None, role=None, active=True):
        """One page of the company's employees, oldest first, and one more to tell of the next."""
        domain = [
            ("company_id", "=", identity.company_id),
            ("fynlo_role", "=" if role else "!=", role or False),
            ("id", ">", after_id),
        ]
        if active is not None:
            domain.append(("active", "=", active))
        if search:
            domain.append(("name", "ilike", search))
        employees = self.env["hr.employee"].sudo().with_context(active_test=False)
        return employees.search(domain, order="id", limit=limit + 1)

    @api.model
    def _hire(self, identity, *, name, role, email=None, location_uuids=()):
        """A new employee; with an e-mail address it is sent a link to choose a password."""
        _require_rank(identity, role)
        email = _checked_email(email)
        employee = self.env["hr.employee"]._fynlo_hire(
            {
                "name": name,
                "company_id": identity.company_id,
                "role": role,
                "email": email,
                "location_ids": self._locations(identity, location_uuids).ids,
            }
        )
        if email:
            self.env["fynlo.password.reset"]._ask(email)
        return employee

    @api.model
    def _change(self, identity, employee, changes):
        """Change name, role, locations or the active flag. ``If-Match`` is honoured."""
        _require_rank(identity, employee.fynlo_role)
        employee.lock_for_update()
        current_call().require_version(employee.fynlo_version, employee._api_values())
        vals = {key: changes[key] for key in ("name", "active") if key in changes}
        if "role" in changes:
            _require_rank(identity, changes["role"])
            vals["fynlo_role"] = changes["role"]
        if "location_ids" in changes:
            vals["fynlo_location_ids"] = [Command.set(self._locations(identity, changes["location_ids"]).ids)]
        if vals.get("active") is False and employee.id == identity.employee_id:
            raise Invalid("You cannot archive yourself.", field="active")
        employee.write(vals)
        return employee

    @api.model
    def _set_pin(self, identity, employee, pin):
        """Give a PIN, to oneself or to somebody not above."""
        if employee.id != identity.employee_id:
            identity.require("employee.manage")
            _require_rank(identity, employee.fynlo_role)
        employee._fynlo_set_pin(pin)

    @api.model
    def _end_session(self, identity, session):
        """End somebody's sign-in: one's own, or that of somebody not above."""
        if session.employee_id.id != identity.employee_id:
            _require_rank(identity, session.employee_id.fynlo_role)
        session._revoke()

    def _locations(self, identity, uuids):
        locations = (
            self.env["pos.config"]
            .sudo()
            .search([("fynlo_uuid", "in", [str(uuid) for uuid in uuids]), ("company_id", "=", identity.company_id)])
        )
        if len(locations) != len(set(uuids)):
            raise Invalid("One of these locations does not exist.", field="location_ids")
        return locations


def _require_rank(identity, role):
    if roles.rank(role) > roles.rank(identity.role):
        raise Problem("permission_denied", "You cannot grant a role above yours, nor change someone who has one.")


def _checked_email(email):
    """The address in its normal form. Raises ``validation_failed``."""
    if not email:
        return None
    normal = email_normalize(email)
    if not normal:
        raise Invalid("This is not an e-mail address.", field="email")
    return normal
