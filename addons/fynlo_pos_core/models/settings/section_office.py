"""Settings for managers alone: sign-in, alerts by e-mail, what is kept how long, what caches may share."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import email_normalize

from .setting import Setting
from .settings_section import PREFIX

KEEP_DAYS = 90
ALERT_EMAILS_MAX = 10
KEEP_RANGE_DAYS = range(30, 3651)
CACHE_HOURS = range(1, 169)


class ResCompany(models.Model):
    _inherit = "res.company"

    fynlo_alert_emails = fields.Char(
        "Alerts go to", help="E-mail addresses, separated by commas, that hear of every alert. Empty: nobody."
    )
    fynlo_keep_request_days = fields.Integer(
        "Answers are kept (days)",
        default=KEEP_DAYS,
        required=True,
        help="For so long a till may repeat a request and is given the same answer.",
    )
    fynlo_keep_sign_in_days = fields.Integer(
        "Ended sign-ins are kept (days)", default=KEEP_DAYS, required=True, help="Who worked on which device when."
    )
    fynlo_cache_shared = fields.Boolean(
        "Server processes share menus",
        default=True,
        help="Through Redis. Without it each process prepares its own.",
    )
    fynlo_cache_hours = fields.Integer(
        "Shared menus are kept (hours)",
        default=24,
        required=True,
        help="Changes are always seen at once; this only bounds how long Redis holds what nobody asks for.",
    )

    @api.constrains("fynlo_alert_emails")
    def _check_fynlo_alert_emails(self):
        for company in self:
            addresses = company._fynlo_alert_addresses()
            if len(addresses) > ALERT_EMAILS_MAX or not all(map(email_normalize, addresses)):
                raise ValidationError(
                    self.env._("Alerts go to up to %s e-mail addresses, separated by commas.", ALERT_EMAILS_MAX)
                )

    @api.constrains("fynlo_keep_request_days", "fynlo_keep_sign_in_days", "fynlo_cache_hours")
    def _check_fynlo_keeping(self):
        for company in self:
            kept = (company.fynlo_keep_request_days, company.fynlo_keep_sign_in_days)
            if any(days not in KEEP_RANGE_DAYS for days in kept):
                raise ValidationError(self.env._("Records are kept from 30 days to 10 years."))
            if company.fynlo_cache_hours not in CACHE_HOURS:
                raise ValidationError(self.env._("Shared menus are kept from an hour to a week."))

    def _fynlo_alert_addresses(self):
        return [address.strip() for address in (self.fynlo_alert_emails or "").split(",") if address.strip()]

    def _fynlo_mail_alert(self, text):
        """Queue a mail about an alert for whoever this company named; it leaves after the commit."""
        self.ensure_one()
        addresses = self.sudo()._fynlo_alert_addresses()
        if not addresses:
            return
        self.env["mail.mail"].sudo().create(
            {
                "subject": f"{self.name}: {text}",
                "body_html": self.env["ir.qweb"].sudo()._render("fynlo_pos_core.alert_mail", {"text": text}),
                "email_from": self.sudo().email_formatted or False,
                "email_to": ", ".join(addresses),
                "auto_delete": True,
            }
        )
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()


class SignInSettings(models.AbstractModel):
    _name = PREFIX + "sign_in"
    _description = "Settings: signing in"
    _inherit = ["fynlo.settings.section"]
    _for_tills = False
    _settings = {
        "pin_session_hours": Setting("fynlo_pin_session_hours", "company"),
        "session_days": Setting("fynlo_session_days", "company"),
    }


def _addresses(company, _text):
    return company._fynlo_alert_addresses()


class NotificationsSettings(models.AbstractModel):
    """Who is told of alerts by e-mail, beside the dashboard."""

    _name = PREFIX + "notifications"
    _description = "Settings: notifications"
    _inherit = ["fynlo.settings.section"]
    _for_tills = False
    _settings = {
        "alert_emails": Setting(
            "fynlo_alert_emails", "company", show=_addresses, store=lambda _company, sent: ", ".join(sent) or False
        ),
    }


class RetentionSettings(models.AbstractModel):
    """How long the cleaning jobs leave records alone."""

    _name = PREFIX + "retention"
    _description = "Settings: retention"
    _inherit = ["fynlo.settings.section"]
    _for_tills = False
    _settings = {
        "request_days": Setting("fynlo_keep_request_days", "company"),
        "sign_in_days": Setting("fynlo_keep_sign_in_days", "company"),
        "connection_days": Setting("fynlo_connection_days", "company"),
    }


class CacheSettings(models.AbstractModel):
    """What server processes share. How much each may hold is the operator's (``FYNLO_CACHE_MB``)."""

    _name = PREFIX + "cache"
    _description = "Settings: caches"
    _inherit = ["fynlo.settings.section"]
    _for_tills = False
    _settings = {
        "shared": Setting("fynlo_cache_shared", "company"),
        "shared_hours": Setting("fynlo_cache_hours", "company"),
    }
