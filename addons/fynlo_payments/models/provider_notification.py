"""The inbox of payment providers' notifications: each verified one is kept once, and handled from here."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.rest.prepared_statement import PreparedStatement
from odoo.addons.fynlo_pos_core.tools.clock import naive_utc, now
from odoo.exceptions import UserError

from ..providers.connection import NotificationRefused
from ..providers.provider import PREFIX

#: state → states it may move to. What is over is handled again when a manager asks for it.
NOTIFICATION_STATES = {
    "received": frozenset({"done", "ignored", "failed"}),
    "done": frozenset({"received"}),
    "ignored": frozenset({"received"}),
    "failed": frozenset({"received"}),
}

CRON = "fynlo_payments.cron_handle_notifications"
LONGEST = 255
#: Days that notifications are kept after they were handled.
KEPT_DAYS = 90
FAILED_KEPT_DAYS = 366
BATCH = 5_000

#: One that is here already is left as it is, whatever became of it.
RECEIVE = PreparedStatement(
    """INSERT INTO fynlo_payment_notification
              (provider, account, event_id, kind, reference, leg_uuid, livemode, created_at, received_at, state, tries,
               next_try_at)
       VALUES (%(provider)s, %(account)s, %(event_id)s, %(kind)s, %(reference)s, %(leg_uuid)s, %(livemode)s,
               %(created_at)s, %(at)s, 'received', 0, %(at)s)
       ON CONFLICT (provider, account, event_id) DO NOTHING RETURNING id"""
)


class FynloPaymentNotification(models.Model):
    """What a provider said, in the fields of its verified event; the body that it sent is not kept.

    It only says what to ask the provider about. The columns from ``state`` on are those of the work
    on it; the others never change.
    """

    _name = "fynlo.payment.notification"
    _description = "Notification of a payment provider"
    _log_access = False
    _order = "id desc"
    _rec_name = "event_id"

    provider = fields.Selection("_select_provider", required=True, readonly=True)
    account = fields.Char(required=True, readonly=True, default="", help="Whose account at the provider, if it says.")
    event_id = fields.Char("Event", required=True, readonly=True)
    kind = fields.Char(required=True, readonly=True)
    reference = fields.Char("Payment at the provider", readonly=True)
    leg_uuid = fields.Char("Payment", readonly=True, help="The payment's public ID, if the provider sends it back.")
    livemode = fields.Boolean("Live", required=True, readonly=True, default=False)
    created_at = fields.Datetime("Made at", readonly=True)
    received_at = fields.Datetime(required=True, readonly=True)
    state = fields.Selection(
        [(name, name.capitalize()) for name in NOTIFICATION_STATES], required=True, readonly=True, default="received"
    )
    tries = fields.Integer(required=True, readonly=True, default=0)
    next_try_at = fields.Datetime(required=True, readonly=True)
    failure_code = fields.Char("Why", readonly=True)
    handled_at = fields.Datetime(readonly=True)
    payment_id = fields.Many2one("fynlo.payment", "Payment here", readonly=True, index="btree_not_null")
    company_id = fields.Many2one("res.company", readonly=True, index="btree_not_null")
    config_id = fields.Many2one("pos.config", "Location", readonly=True)

    _once = models.UniqueIndex("(provider, account, event_id)")
    _to_do = models.Index("(next_try_at) WHERE state = 'received'")
    _newest = models.Index("(provider, received_at)")
    _given_up = models.Index("(received_at) WHERE state = 'failed'")

    def init(self):
        """The database itself refuses to change what a provider said."""
        self.env.cr.execute("""
            CREATE OR REPLACE FUNCTION fynlo_payment_notification_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'what a provider said is not changed'; END $$;
            CREATE OR REPLACE TRIGGER fynlo_payment_notification_said
              BEFORE UPDATE OF provider, account, event_id, kind, reference, leg_uuid, livemode, created_at, received_at
              ON fynlo_payment_notification
              FOR EACH ROW EXECUTE FUNCTION fynlo_payment_notification_refuse();
        """)

    # the ORM never writes this table: the next three exist only to refuse
    # pylint: disable=method-required-super,no-raise-unlink
    @api.model_create_multi
    def create(self, vals_list):
        raise UserError(self.env._("Notifications come from payment providers alone."))

    def write(self, vals):
        raise UserError(self.env._("What a payment provider said cannot be changed."))

    def unlink(self):
        raise UserError(self.env._("What a payment provider said cannot be changed."))

    # pylint: enable=method-required-super,no-raise-unlink

    @api.model
    def _select_provider(self):
        return self.env["pos.payment.method"]._select_fynlo_provider()

    @api.depends("provider", "kind")
    def _compute_display_name(self):
        for notification in self:
            notification.display_name = f"{notification.provider}: {notification.kind}"

    # --- taking in -----------------------------------------------------------------------

    @api.model
    def _provider_of_bank(self, name):
        """The code of the provider whose bank notifications come in under ``name``, or ``None``."""
        for model in self.env.registry:
            if model.startswith(PREFIX) and self.env[model]._bank_name == name:
                return model.removeprefix(PREFIX)
        return None

    @api.model
    def _receive(self, provider, events):
        """Keep verified events, each once, and have those that are new handled soon. May be repeated.

        Raises :class:`NotificationRefused` when one of them is nothing that can be kept; then none is.
        """
        rows = [_row(event) for event in events]
        new = 0
        for row in rows:
            RECEIVE.execute(self.env.cr, provider=provider, at=now(), **row)
            new += self.env.cr.rowcount
        if new:
            self._wake()
        return new

    @api.model
    def _wake(self):
        self.env.ref(CRON).sudo()._trigger()

    # --- forgetting ----------------------------------------------------------------------

    @api.autovacuum
    def _gc_old(self):
        """Forget what was handled long ago; returns (deleted, whether more are left)."""
        self.env.cr.execute(
            """DELETE FROM fynlo_payment_notification WHERE id IN (
                  SELECT id FROM fynlo_payment_notification
                   WHERE state <> 'received'
                     AND handled_at < CASE WHEN state = 'failed' THEN %s ELSE %s END LIMIT %s)""",
            (now() - timedelta(days=FAILED_KEPT_DAYS), now() - timedelta(days=KEPT_DAYS), BATCH),
        )
        return self.env.cr.rowcount, self.env.cr.rowcount == BATCH


def _row(event):
    """The columns of an event. Raises :class:`NotificationRefused` for what no provider sends."""
    texts = {
        "event_id": event.id,
        "kind": event.kind,
        "reference": event.reference,
        "leg_uuid": event.leg_uuid,
        "account": event.account,
    }
    if not event.id or not event.kind or not all(_is_short(text) for text in texts.values()):
        raise NotificationRefused("shape")
    return {
        **texts,
        "account": event.account or "",
        "livemode": event.livemode is True,
        "created_at": naive_utc(event.created_at) if event.created_at else None,
    }


def _is_short(text):
    return text is None or (isinstance(text, str) and len(text) <= LONGEST and text.isprintable())
