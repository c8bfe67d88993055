"""Sign-ins: one employee on one device or client, until signed out, revoked or too old."""

from datetime import timedelta

from odoo import api, fields, models

from ...rest import Problem
from ...tools import access_token
from ...tools.clock import now, wire


class FynloSession(models.Model):
    """A family of refresh tokens. Every request checks that its session is still active."""

    _name = "fynlo.session"
    _inherit = ["fynlo.resource.mixin"]
    _description = "Sign-in"
    _log_access = False
    _order = "id desc"
    _rec_name = "employee_id"
    _resource_name = "session"

    employee_id = fields.Many2one("hr.employee", required=True, readonly=True, index=True, ondelete="cascade")
    device_id = fields.Many2one("fynlo.device", readonly=True, index=True, ondelete="cascade")
    config_id = fields.Many2one("pos.config", "Location", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="cascade")
    method = fields.Selection([("pin", "PIN"), ("password", "Password")], required=True, readonly=True)
    state = fields.Selection(
        [("active", "Active"), ("ended", "Signed out"), ("revoked", "Revoked")],
        default="active",
        required=True,
        readonly=True,
        index=True,
    )
    reason = fields.Char(readonly=True, help="Why it ended.")
    started_at = fields.Datetime(required=True, readonly=True)
    last_used_at = fields.Datetime("Last refreshed", required=True, readonly=True)
    expires_at = fields.Datetime(required=True, readonly=True)
    ended_at = fields.Datetime(readonly=True)
    address = fields.Char(readonly=True)
    user_agent = fields.Char(readonly=True)

    @api.model
    def _open(self, employee, location, *, device=None, method="pin", address="", user_agent=""):
        """Sign ``employee`` in at ``location``; returns the answer of a sign-in, tokens included."""
        company, moment = employee.company_id, now()
        life = (
            timedelta(hours=company.fynlo_pin_session_hours)
            if method == "pin"
            else timedelta(days=company.fynlo_session_days)
        )
        session = self.sudo().create(
            {
                "employee_id": employee.id,
                "device_id": device.id if device else False,
                "config_id": location.id,
                "company_id": company.id,
                "method": method,
                "started_at": moment,
                "last_used_at": moment,
                "expires_at": moment + life,
                "address": address,
                "user_agent": (user_agent or "")[:250],
            }
        )
        return session._answer(self.env["fynlo.refresh.token"].sudo()._first(session))

    def _answer(self, refresh_token):
        """The shape of every successful sign-in and refresh."""
        employee, location = self.employee_id, self.config_id
        role, perm_version = self._standing()
        codes = self.env["fynlo.access"]._permissions_of(self.company_id, role)
        token, expires_at = access_token.issue(self._claims(role, perm_version, codes))
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": access_token.LIFETIME_S,
            "expires_at": wire(_moment(expires_at)),
            "refresh_token": refresh_token,
            "session_id": self.fynlo_uuid,
            "employee": employee._fynlo_name_values(),
            "location": location._api_values(),
            "websocket": location._fynlo_line(),
            "permissions": sorted(codes),
        }

    def _standing(self):
        """The employee's role and the company's permission version at one moment.

        In one statement, and before the permissions are read: a token must never carry a newer
        version than what it allows, or the gateway would not know that it is out of date.
        """
        self.env.flush_all()
        self.env.cr.execute(
            """SELECT employee.fynlo_role, company.fynlo_perm_version
                 FROM hr_employee employee JOIN res_company company ON company.id = employee.company_id
                WHERE employee.id = %s""",
            (self.employee_id.id,),
        )
        return self.env.cr.fetchone()

    def _claims(self, role, perm_version, codes):
        employee, location, company = self.employee_id, self.config_id, self.company_id
        device_uuid = self.device_id.fynlo_uuid or None
        return {
            "sub": employee.fynlo_uuid,
            "sid": self.fynlo_uuid,
            "device": device_uuid,
            "location": location.fynlo_uuid,
            "company": company.fynlo_uuid,
            "role": role,
            "perm_version": perm_version,
            "topics": self.env["fynlo.access"]._topics(
                codes,
                location=location.fynlo_uuid,
                company=company.fynlo_uuid,
                employee=employee.fynlo_uuid,
                device=device_uuid,
            ),
        }

    # --- ending --------------------------------------------------------------------------------

    @api.model
    def _end(self, sessions, reason, state="revoked"):
        """End active sessions; their access tokens stop working with the next request."""
        active = sessions.filtered(lambda session: session.state == "active")
        active.write({"state": state, "reason": reason, "ended_at": now()})
        for session in active:
            employee = session.employee_id
            self.env["fynlo.outbox"]._emit(
                session.company_id.id,
                f"e.{employee.fynlo_uuid}",
                "session.revoked",
                session.fynlo_uuid,
                {"sid": session.fynlo_uuid, "employee_id": employee.fynlo_uuid, "reason": reason},
                deleted=True,
            )
        return active

    @api.model
    def _end_lost(self, employees):
        """End the sessions of employees who left, lost their user or role, or may no longer work there."""
        active = self.search([("employee_id", "in", employees.ids), ("state", "=", "active")])
        lost = active.filtered(
            lambda session: (
                not session.employee_id.active
                or not session.employee_id.user_id.active
                or not session.employee_id.fynlo_role
                or not session.employee_id._fynlo_may_work_at(session.config_id)
            )
        )
        self._end(lost, "employee_changed")

    @api.model
    def _end_at(self, locations):
        """End every session at these locations."""
        return self._end(self.search([("config_id", "in", locations.ids), ("state", "=", "active")]), "location_closed")

    @api.model
    def _end_all_of(self, employees, reason, *, but=None):
        """End every session of these employees, except ``but``."""
        active = self.search([("employee_id", "in", employees.ids), ("state", "=", "active")])
        return self._end(active - but if but else active, reason)

    def _revoke(self, reason="revoked"):
        """End sessions by hand, with a line on the audit log. Safe to repeat."""
        for session in self._end(self.sudo(), reason):
            session._log("session.revoked", reason=reason)

    def action_revoke(self):
        """Back office: sign the selected people out."""
        self.check_access("read")
        self.sudo().employee_id.sudo(False)._fynlo_check_rank(self.sudo().employee_id.mapped("fynlo_role"))
        self._revoke()

    def _log(self, action, **details):
        self.env["fynlo.audit.log"]._record(
            action, company_id=self.company_id.id, resource=("session", self.fynlo_uuid), **details
        )

    @api.autovacuum
    def _gc_old_sessions(self):
        for company in self.env["res.company"].sudo().search([]):
            before = now() - timedelta(days=company.fynlo_keep_sign_in_days)
            self.sudo().search([("company_id", "=", company.id), ("expires_at", "<", before)], limit=1000).unlink()

    def _api_values(self):
        device = self.device_id
        return {
            "id": self.fynlo_uuid,
            "employee": self.employee_id._fynlo_name_values(),
            "device": {"id": device.fynlo_uuid, "name": device.name} if device else None,
            "location": {"id": self.config_id.fynlo_uuid, "name": self.config_id.name},
            "method": self.method,
            "started_at": wire(self.started_at),
            "last_used_at": wire(self.last_used_at),
            "expires_at": wire(self.expires_at),
            "address": self.address or None,
            "user_agent": self.user_agent or None,
        }

    def _require_alive(self):
        """Raise ``token_invalid`` unless the session may still be refreshed."""
        if self.state != "active" or self.expires_at <= now():
            raise Problem("token_invalid", "This sign-in has ended. Sign in again.")


def _moment(unix_seconds):
    return fields.Datetime.to_datetime("1970-01-01 00:00:00") + timedelta(seconds=unix_seconds)
