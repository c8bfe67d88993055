"""Who sees which alerts, on the API and in the back office, and who takes care of them."""

from odoo import api, models
from odoo.fields import Domain

from ...rest import NotFound, paging
from ..identity import roles

#: Seen by whom may see the state of the system; all others belong to a company.
SYSTEM = "system.read"


class FynloAlert(models.Model):
    _inherit = "fynlo.alert"

    # --- API -----------------------------------------------------------------------------

    @api.model
    def _visible(self, identity):
        """The alerts that a caller may see: of the company and its locations that are theirs, and of the system."""
        own = Domain("company_id", "=", identity.company_id)
        located = self.env["hr.employee"].sudo().browse(identity.employee_id).fynlo_location_ids
        if located and identity.role != "owner":
            own &= Domain("config_id", "in", [*located.ids, False])
        system = Domain("company_id", "=", False) if identity.may(SYSTEM) else Domain.FALSE
        return Domain("state", "!=", "pending") & (own | system)

    @api.model
    def _page(self, identity, query):
        """A page of alerts, the newest first; those that were not cleared unless ``state`` is given."""
        domain = self._visible(identity)
        domain &= Domain("state", "=", query.state) if query.state else Domain("state", "!=", "cleared")
        if query.cursor:
            domain &= Domain("id", "<", paging.decode(query.cursor, int)[0])
        rows = self.sudo().search(domain, order="id desc", limit=query.limit + 1)
        return paging.page(rows, query.limit, lambda row: row._api_values(), lambda row: [row.id])

    @api.model
    def _find(self, identity, uuid):
        alert = self.sudo().search(self._visible(identity) & Domain("fynlo_uuid", "=", str(uuid)), limit=1)
        if not alert:
            raise NotFound(self.env._("There is no such alert."))
        return alert

    # --- back office ---------------------------------------------------------------------

    @api.depends("company_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_is_for_me(self):
        sees_system = self._sees_system()
        for alert in self:
            alert.is_for_me = bool(alert.company_id) or sees_system

    def _search_is_for_me(self, operator, value):
        if operator != "in":
            return NotImplemented
        if True not in value:
            return Domain.FALSE if self._sees_system() else Domain("company_id", "=", False)
        return Domain.TRUE if self._sees_system() else Domain("company_id", "!=", False)

    def _sees_system(self):
        """Whether the user may see alerts of the whole system, by the role in one of the companies at hand."""
        user = self.env.user
        if roles.rank_of_user(user) >= len(roles.ROLES):
            return True
        employees = (
            self.env["hr.employee"]
            .sudo()
            .search([("user_id", "=", user.id), ("company_id", "in", self.env.companies.ids)])
        )
        access = self.env["fynlo.access"]
        return any(SYSTEM in access._permissions_of(one.company_id, one.fynlo_role) for one in employees)

    def action_acknowledge(self):
        """Back office: the user looks after the selected alerts; those that were cleared meanwhile stay as they are."""
        self.check_access("read")
        for alert in self.sudo().filtered(lambda one: one.state in ("open", "acknowledged")):
            alert._acknowledge(self.env.user.name)
