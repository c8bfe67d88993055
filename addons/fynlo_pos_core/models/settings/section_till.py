"""Settings of a location's tills: their receipts, their screens, their line to the server."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...rest import Invalid
from ...tools.settings import settings
from .setting import Setting
from .settings_section import PREFIX

TILE_COLUMNS = range(2, 11)
LOCK_AFTER_MAX_S = 3600
RECONNECT_S = range(5, 301)
POLL_S = range(2, 301)


class PosConfig(models.Model):
    _inherit = "pos.config"

    fynlo_tile_columns = fields.Integer("Tiles in a row", default=4, required=True, help="Of products on a till.")
    fynlo_text_size = fields.Selection(
        [("small", "Small"), ("medium", "Medium"), ("large", "Large")], "Text", default="medium", required=True
    )
    fynlo_show_pictures = fields.Boolean("Pictures of products", default=True)
    fynlo_lock_after_s = fields.Integer(
        "Ask for the PIN after (seconds)", default=0, required=True, help="Of nobody touching a till. 0: never."
    )
    fynlo_reconnect_max_s = fields.Integer(
        "Longest wait before connecting again (seconds)",
        default=30,
        required=True,
        help="Tills and kitchen screens whose line broke come back after a random time of up to this.",
    )
    fynlo_poll_s = fields.Integer(
        "Ask every (seconds) meanwhile",
        default=5,
        required=True,
        help="How often they ask what is new while they are not connected.",
    )

    @api.constrains("fynlo_tile_columns", "fynlo_lock_after_s", "fynlo_reconnect_max_s", "fynlo_poll_s")
    def _check_fynlo_till_screen(self):
        for location in self:
            if location.fynlo_tile_columns not in TILE_COLUMNS:
                raise ValidationError(self.env._("A row has from 2 to 10 tiles."))
            if not 0 <= location.fynlo_lock_after_s <= LOCK_AFTER_MAX_S:
                raise ValidationError(self.env._("A till asks for the PIN after up to %s seconds.", LOCK_AFTER_MAX_S))
            if location.fynlo_reconnect_max_s not in RECONNECT_S or location.fynlo_poll_s not in POLL_S:
                raise ValidationError(self.env._("Tills wait from 5 to 300 seconds and ask every 2 to 300 seconds."))

    def _fynlo_line(self):
        """Where and how tills of this location hear of events."""
        return {
            "url": settings().ws_url,
            "reconnect_max_s": self.fynlo_reconnect_max_s,
            "poll_s": self.fynlo_poll_s,
        }


def _rates(_location, text):
    return [int(rate) * 100 for rate in (text or "").split(",") if rate.strip()]


def _language(location, code):
    """One of the languages that receipts can be written in. Raises ``validation_failed``."""
    if code not in dict(location._fields["fynlo_receipt_lang"]._description_selection(location.env)):
        raise Invalid(location.env._("This language is not installed."), field="language")
    return code


def _percents(_location, rates_bp):
    return ", ".join(str(rate // 100) for rate in rates_bp) or False


class ReceiptSettings(models.AbstractModel):
    """How the location's receipts look. Logo and printer are set in the back office."""

    _name = PREFIX + "receipt"
    _description = "Settings: receipt"
    _inherit = ["fynlo.settings.section"]
    _settings = {
        "header": Setting("fynlo_receipt_header"),
        "footer": Setting("fynlo_receipt_footer"),
        "colour": Setting("fynlo_receipt_colour"),
        "prefix": Setting("fynlo_receipt_prefix"),
        "language": Setting("fynlo_receipt_lang", store=_language),
        "link_days": Setting("fynlo_receipt_link_days"),
        "tip_rates_bp": Setting("fynlo_tip_suggestions", show=_rates, store=_percents),
    }


class UiSettings(models.AbstractModel):
    """The screen of a till, and when the order board turns yellow and red."""

    _name = PREFIX + "ui"
    _description = "Settings: screens"
    _inherit = ["fynlo.settings.section"]
    _settings = {
        "tile_columns": Setting("fynlo_tile_columns"),
        "text_size": Setting("fynlo_text_size"),
        "show_pictures": Setting("fynlo_show_pictures"),
        "lock_after_s": Setting("fynlo_lock_after_s"),
        "slow_minutes": Setting("fynlo_slow_minutes"),
        "late_minutes": Setting("fynlo_late_minutes"),
    }


class WebsocketSettings(models.AbstractModel):
    """The line over which events come. Its address is the operator's."""

    _name = PREFIX + "websocket"
    _description = "Settings: events"
    _inherit = ["fynlo.settings.section"]
    _settings = {
        "reconnect_max_s": Setting("fynlo_reconnect_max_s"),
        "poll_s": Setting("fynlo_poll_s"),
    }

    @api.model
    def _constants(self):
        return {"url": settings().ws_url}
