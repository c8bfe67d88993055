"""PINs, as hashes that are worthless without the pepper outside the database."""

import re

from odoo import api, fields, models

from ...rest import Invalid
from ...tools import secret_hash
from ...tools.clock import now

PIN = re.compile(r"[0-9]{4,8}")


class FynloCredential(models.Model):
    """At most one row an employee. No group may read it; services use ``sudo()``."""

    _name = "fynlo.credential"
    _description = "PIN of an employee"
    _log_access = False
    _rec_name = "employee_id"

    employee_id = fields.Many2one("hr.employee", required=True, readonly=True, ondelete="cascade")
    pin_hash = fields.Char(required=True, readonly=True)
    set_at = fields.Datetime(required=True, readonly=True)

    _employee_unique = models.UniqueIndex("(employee_id)")

    @api.model
    def _set_pin(self, employee, pin):
        if not PIN.fullmatch(pin):
            raise Invalid(self.env._("A PIN is 4 to 8 digits."), field="pin")
        vals = {"pin_hash": secret_hash.hash_pin(pin, employee.fynlo_uuid), "set_at": now()}
        known = self.search([("employee_id", "=", employee.id)])
        if known:
            known.write(vals)
        else:
            self.create({"employee_id": employee.id, **vals})

    @api.model
    def _pin_matches(self, employee, pin):
        """Whether the PIN is right. Takes the same time for an employee without one, or for nobody."""
        known = self.search([("employee_id", "=", employee.id)]) if employee else self.browse()
        owner = employee.fynlo_uuid if employee else "nobody"
        return secret_hash.pin_matches(known.pin_hash or None, pin, owner)
