"""Who acts when a button of the back office is pressed: an employee without a device."""

from odoo import api, models

from ...rest import Problem
from ...rest.call import Identity


class FynloAccess(models.AbstractModel):
    _inherit = "fynlo.access"

    @api.model
    def _at_desk(self, location):
        """The user of the back office as an identity at ``location``.

        Raises ``permission_denied`` when the user is not employed there.
        """
        location, user = location.sudo(), self.env.user
        company = location.company_id
        employee = user.sudo().with_company(company).employee_id
        located = employee.fynlo_location_ids
        if not employee.fynlo_role or company not in user.company_ids or (located and location not in located):
            raise Problem("permission_denied", self.env._("Only the staff of %s may do that.", location.name))
        catalogue = self.env["fynlo.catalogue"].sudo().search([("company_id", "=", company.id)])
        return Identity(
            user_id=user.id,
            employee_id=employee.id,
            employee_uuid=employee.fynlo_uuid,
            employee_name=employee.name,
            device_id=0,
            device_uuid=None,
            device_prefix="",
            location_id=location.id,
            location_uuid=location.fynlo_uuid,
            company_id=company.id,
            company_uuid=company.fynlo_uuid,
            role=employee.fynlo_role,
            session_id=0,
            catalogue_version=catalogue.version,
            permissions=self._permissions_of(company, employee.fynlo_role),
        )
