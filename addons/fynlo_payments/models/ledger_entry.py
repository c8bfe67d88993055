"""The ledger of payments: every money fact in double entry, added in its own transaction and never changed."""

from odoo import api, fields, models
from odoo.addons.fynlo_pos_core.rest import closing_statements
from odoo.addons.fynlo_pos_core.rest.prepared_statement import PreparedStatement
from odoo.exceptions import UserError

#: What happened to the money of a payment.
KINDS = [
    ("capture", "Taken"),
    ("unasked", "Came too late"),
    ("refund", "Given back"),
    ("refund_failed", "Did not go back"),
    ("dispute", "Disputed"),
]
TENDER = "tender:"

ENTER = PreparedStatement(
    """INSERT INTO fynlo_payment_entry
              (company_id, config_id, currency_id, payment_id, refund_id, dispute_id, dispute_version, kind, account,
               amount, at)
       SELECT payment.company_id, payment.config_id, payment.currency_id, payment.id, %(refund)s::integer,
              %(dispute)s::integer, %(version)s::integer, %(kind)s, part.account, part.amount, now() AT TIME ZONE 'UTC'
         FROM fynlo_payment payment
        CROSS JOIN unnest(%(accounts)s::text[], %(amounts)s::bigint[]) AS part(account, amount)
        WHERE payment.id = %(payment)s::integer AND part.amount <> 0"""
)


class FynloPaymentEntry(models.Model):
    """Amounts are whole minor units: what an account received is above 0, what it gave below.

    Accounts: ``tender:<method>`` (where the money is), ``order``, ``tips``, ``surcharge`` (what it was
    for), ``refund_due`` (owed to the guest), ``disputed`` (held until a dispute is decided) and ``dispute_lost``.
    The entries of one fact add up to 0. The order is the payment's, as bills are merged and handed over.
    """

    _name = "fynlo.payment.entry"
    _description = "Payment ledger entry"
    _log_access = False
    _order = "id desc"
    _rec_name = "account"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    config_id = fields.Many2one("pos.config", "Location", required=True, readonly=True, ondelete="restrict")
    currency_id = fields.Many2one("res.currency", required=True, readonly=True, ondelete="restrict")
    payment_id = fields.Many2one("fynlo.payment", required=True, readonly=True, ondelete="restrict")
    refund_id = fields.Many2one("fynlo.refund", readonly=True, ondelete="restrict", index="btree_not_null")
    dispute_id = fields.Many2one("fynlo.payment.dispute", readonly=True, ondelete="restrict", index="btree_not_null")
    dispute_version = fields.Integer("Version of the dispute", readonly=True)
    kind = fields.Selection(KINDS, "What happened", required=True, readonly=True)
    account = fields.Char(required=True, readonly=True)
    amount = fields.Integer("Amount (minor units)", required=True, readonly=True)
    at = fields.Datetime(required=True, readonly=True, index=True)

    _amount_moves = models.Constraint("CHECK(amount <> 0)", "An entry moves something.")
    _fact_once = models.UniqueIndex(
        "(payment_id, kind, coalesce(refund_id, 0), coalesce(dispute_id, 0), coalesce(dispute_version, 0), account)"
    )

    def init(self):
        """The database itself refuses changes, and a fact whose entries do not add up to nothing."""
        self.env.cr.execute("""
            CREATE OR REPLACE FUNCTION fynlo_payment_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'the ledger of payments is insert-only'; END $$;
            CREATE OR REPLACE TRIGGER fynlo_payment_entry_insert_only
              BEFORE UPDATE OR DELETE OR TRUNCATE ON fynlo_payment_entry
              FOR EACH STATEMENT EXECUTE FUNCTION fynlo_payment_entry_refuse();

            CREATE OR REPLACE FUNCTION fynlo_payment_entry_weigh() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF (SELECT sum(amount) FROM fynlo_payment_entry
                   WHERE payment_id = NEW.payment_id AND kind = NEW.kind
                     AND coalesce(refund_id, 0) = coalesce(NEW.refund_id, 0)
                     AND coalesce(dispute_id, 0) = coalesce(NEW.dispute_id, 0)
                     AND coalesce(dispute_version, 0) = coalesce(NEW.dispute_version, 0)) <> 0 THEN
                RAISE EXCEPTION 'the ledger entries of payment % do not balance', NEW.payment_id;
              END IF;
              RETURN NULL;
            END $$;
            DROP TRIGGER IF EXISTS fynlo_payment_entry_balanced ON fynlo_payment_entry;
            CREATE CONSTRAINT TRIGGER fynlo_payment_entry_balanced AFTER INSERT ON fynlo_payment_entry
              DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fynlo_payment_entry_weigh();
        """)

    # the ORM never writes this table: the next three exist only to refuse
    # pylint: disable=method-required-super,no-raise-unlink
    @api.model_create_multi
    def create(self, vals_list):
        raise UserError(self.env._("The ledger of payments is written by the system alone."))

    def write(self, vals):
        raise UserError(self.env._("The ledger of payments cannot be changed."))

    def unlink(self):
        raise UserError(self.env._("The ledger of payments cannot be changed."))

    # pylint: enable=method-required-super,no-raise-unlink

    # --- writing -------------------------------------------------------------------------

    @api.model
    def _enter_capture(self, payment):
        """Money came in. Change is no money taken: it went back out of the same hand."""
        charged = payment.amount + payment.tip + payment.surcharge
        self._enter(
            payment,
            "capture",
            {
                TENDER + payment.method: charged,
                "order": -payment.amount,
                "tips": -payment.tip,
                "surcharge": -payment.surcharge,
            },
        )

    @api.model
    def _enter_unasked(self, payment):
        """Money came that no order asks for any more: it is owed to the guest."""
        charged = payment._charged()
        self._enter(payment, "unasked", {TENDER + payment.method: charged, "refund_due": -charged})

    @api.model
    def _enter_refund(self, refund):
        """Money went back to the guest."""
        parts = {
            TENDER + refund.method: -refund.amount,
            "order": refund.amount - refund.tip - refund.surcharge,
            "tips": refund.tip,
            "surcharge": refund.surcharge,
        }
        self._enter(refund.payment_id, "refund", parts, refund)

    @api.model
    def _enter_failed_refund(self, refund):
        """A provider took its word back: the money is with the restaurant again, and owed to the guest."""
        parts = {TENDER + refund.method: refund.amount, "refund_due": -refund.amount}
        self._enter(refund.payment_id, "refund_failed", parts, refund)

    @api.model
    def _enter_refused_refund(self, refund):
        """A provider never gave the money: nothing moved, but it is for no order any more, it is owed to the guest."""
        parts = {
            "order": refund.amount - refund.tip - refund.surcharge,
            "tips": refund.tip,
            "surcharge": refund.surcharge,
            "refund_due": -refund.amount,
        }
        self._enter(refund.payment_id, "refund_failed", parts, refund)

    @api.model
    def _enter_owed_back(self, refund):
        """What was owed to the guest was given."""
        parts = {TENDER + refund.method: -refund.amount, "refund_due": refund.amount}
        self._enter(refund.payment_id, "refund", parts, refund)

    @api.model
    def _enter_dispute(self, dispute, before):
        """What a guest's bank holds or gives back since the dispute's money was where ``before`` says, by account."""
        after = dispute._holding()
        parts = {account: after.get(account, 0) - before.get(account, 0) for account in sorted({*before, *after})}
        self._enter(dispute.payment_id, "dispute", parts, dispute=dispute)

    def _enter(self, payment, kind, parts, refund=None, dispute=None):
        """Add a fact when the transaction closes, in the round trip that writes its events.

        A second entry of the same fact is refused by the database.
        """
        closing_statements.add(
            self.env.cr,
            ENTER,
            payment=payment.id,
            refund=refund.id if refund else None,
            dispute=dispute.id if dispute else None,
            version=dispute.version if dispute else None,
            kind=kind,
            accounts=list(parts),
            amounts=list(parts.values()),
        )
