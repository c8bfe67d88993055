"""Password reset: a one-time token by mail, valid for half an hour."""

from datetime import timedelta

from odoo import api, fields, models

from ...rest import Invalid, declare
from ...tools import secret_hash
from ...tools.clock import now

LIFETIME = timedelta(minutes=30)
ASKED_PER_HOUR = 3
PASSWORD_MIN = 10
KEEP_DAYS = 7
BATCH = 50

declare(
    "reset_token_invalid",
    422,
    "Reset token not valid",
    "The token is unknown, was used, or is older than thirty minutes.",
    "Ask for a new mail.",
)


class FynloPasswordReset(models.Model):
    """One row a request. The mail is made in the background, so that the answer takes the same
    time whether or not anybody has the address."""

    _name = "fynlo.password.reset"
    _description = "Password reset"
    _log_access = False
    _order = "id desc"
    _rec_name = "login"

    login = fields.Char(required=True, readonly=True)
    user_id = fields.Many2one("res.users", readonly=True, ondelete="cascade")
    state = fields.Selection(
        [("asked", "Asked"), ("sent", "Sent"), ("unknown", "Nobody"), ("used", "Used"), ("replaced", "Replaced")],
        required=True,
        readonly=True,
        default="asked",
        index=True,
    )
    token_hash = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    asked_at = fields.Datetime(required=True, readonly=True)
    expires_at = fields.Datetime(readonly=True)

    _token_unique = models.UniqueIndex("(token_hash)")

    @api.model
    def _ask(self, email):
        """Note that somebody asked for ``email``; beyond a few an hour nothing is noted."""
        login, moment = email.strip().lower(), now()
        recent = [("login", "=", login), ("asked_at", ">", moment - timedelta(hours=1))]
        if self.sudo().search_count(recent, limit=ASKED_PER_HOUR) < ASKED_PER_HOUR:
            self.sudo().create({"login": login, "asked_at": moment})
            self.env.ref("fynlo_pos_core.cron_password_reset").sudo()._trigger()

    @api.model
    def _send_asked(self):
        """Background job: send the mails that were asked for; each request is handled once."""
        asked = self.sudo().search([("state", "=", "asked")], limit=BATCH, order="id")
        for reset in asked.try_lock_for_update():
            reset._send()
        if len(asked) == BATCH:
            self.env.ref("fynlo_pos_core.cron_password_reset").sudo()._trigger()

    def _send(self):
        user, employees = self.env["fynlo.sign.in"]._user_of(self.login)
        if not user or not user.email:
            self.state = "unknown"
            return
        secret = secret_hash.new_secret()
        self.search([("user_id", "=", user.id), ("state", "=", "sent")]).state = "replaced"
        self.write(
            {
                "user_id": user.id,
                "state": "sent",
                "token_hash": secret_hash.digest(secret),
                "expires_at": now() + LIFETIME,
            }
        )
        template = self.env.ref("fynlo_pos_core.mail_password_reset").sudo()
        template.with_context(fynlo_token=secret).send_mail(
            user.id, force_send=False, email_values={"auto_delete": True}
        )
        self._log(employees, "password.reset_sent")

    @api.model
    def _redeem(self, token, password):
        """Set a new password and end every sign-in. Raises ``reset_token_invalid`` or ``validation_failed``."""
        if len(password) < PASSWORD_MIN:
            raise Invalid(f"A password has at least {PASSWORD_MIN} characters.", field="password")
        self.env.cr.execute(
            """SELECT id FROM fynlo_password_reset
                WHERE token_hash = %s AND state = 'sent' AND expires_at > %s FOR UPDATE""",
            (secret_hash.digest(token), now()),
        )
        found = self.env.cr.fetchone()
        reset = self.sudo().browse(found[0]) if found else self.browse()
        user = reset.user_id
        if not reset or not user.active:
            raise Invalid("This token is not valid. Ask for a new mail.", code="reset_token_invalid", field="token")
        user.with_context(no_reset_password=True).write({"password": password})
        reset.write({"state": "used", "token_hash": False})
        employees = user._fynlo_employees()
        self.env["fynlo.session"].sudo()._end_all_of(employees, "password_changed")
        reset._log(employees, "password.reset")

    def _log(self, employees, action):
        for employee in employees:
            self.env["fynlo.audit.log"]._record(
                action,
                company_id=employee.company_id.id,
                resource=("employee", employee.fynlo_uuid),
                actor=employee,
            )

    @api.autovacuum
    def _gc_old_resets(self):
        self.sudo().search([("asked_at", "<", now() - timedelta(days=KEEP_DAYS))], limit=1000).unlink()
