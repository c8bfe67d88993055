"""Works through the inbox: a notification leads to a question to its provider, and the answer is what counts."""

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from odoo import api, models
from odoo.addons.fynlo_pos_core.rest import Problem, transaction
from odoo.addons.fynlo_pos_core.rest.transaction import CONFLICTS
from odoo.addons.fynlo_pos_core.tools.clock import now

from ..providers.connection import ProviderUnavailable
from . import provider_call
from .payment_dispute import look_disputes

_logger = logging.getLogger(__name__)

#: A claim holds for longer than all calls of one notification take; that of a process that died is then over.
CLAIM_S = 120
#: Waits between tries; the last one again and again.
PAUSES_S = (30, 60, 300, 1800, 3600)
TRIED_FOR = timedelta(hours=24)
#: A provider that did not answer so often in a row is left alone until the next run.
PATIENCE = 3
#: States of a payment in which its provider has said nothing yet.
UNTOLD = frozenset({"reserved", "sent", "unknown"})
UNMATCHED = "unmatched"

#: The oldest that is due, with all that wait and say something of the same payment: one answer serves them all.
#: Those of a provider that has left others unanswered come last, as each may take its whole time limit.
CLAIM = """
    WITH due AS (
        SELECT provider, account, livemode, reference, leg_uuid FROM fynlo_payment_notification
         WHERE state = 'received' AND next_try_at <= %(now)s AND provider <> ALL(%(silent)s::text[])
         ORDER BY provider IN (SELECT provider FROM fynlo_payment_notification
                                WHERE state = 'received' AND next_try_at > %(now)s AND failure_code <> %(unmatched)s),
                  id
         LIMIT 1 FOR UPDATE SKIP LOCKED),
    same AS (
        SELECT told.id FROM fynlo_payment_notification told JOIN due
            ON told.provider = due.provider AND told.account = due.account AND told.livemode = due.livemode
               AND told.reference IS NOT DISTINCT FROM due.reference
               AND told.leg_uuid IS NOT DISTINCT FROM due.leg_uuid
         WHERE told.state = 'received' FOR UPDATE OF told SKIP LOCKED)
    UPDATE fynlo_payment_notification SET tries = tries + 1, next_try_at = %(until)s
     WHERE id IN (SELECT id FROM same) RETURNING id
"""
CONCLUDE = """
    UPDATE fynlo_payment_notification
       SET state = %(state)s, failure_code = %(code)s, next_try_at = %(next_try_at)s, handled_at = %(handled_at)s,
           payment_id = coalesce(%(payment)s, payment_id), company_id = coalesce(%(company)s, company_id),
           config_id = coalesce(%(location)s, config_id)
     WHERE id = %(id)s AND state = 'received'
"""
AGAIN = """
    UPDATE fynlo_payment_notification SET state = 'received', tries = 0, failure_code = NULL, next_try_at = %s
     WHERE id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of notifications: ``received`` means that they are tried again later."""

    state: str
    code: str | None = None
    answered: bool = True


class FynloPaymentNotification(models.Model):
    _inherit = "fynlo.payment.notification"

    @api.model
    def _cron_handle(self):
        """Handle what is due, the oldest first; each is committed, so a process that dies loses none.

        Several may run at once: no notification is in two hands. What fails is put off and holds up no other.
        """
        unanswered = Counter()
        while told := self._claim([provider for provider, times in unanswered.items() if times >= PATIENCE]):
            verdict = told._handle_safely()
            provider = told[0].provider
            unanswered[provider] = 0 if verdict.answered else unanswered[provider] + 1
            if not self._save(len(told)):
                self._wake()  # the time of this run is over
                break

    def _claim(self, silent):
        """The next notifications, about one payment, which are this run's alone for a while."""

        def mark():
            moment = now()
            until = moment + timedelta(seconds=CLAIM_S)
            self.env.cr.execute(CLAIM, {"now": moment, "until": until, "silent": silent, "unmatched": UNMATCHED})
            return sorted(row[0] for row in self.env.cr.fetchall())

        return self.browse(transaction.run(self.env, mark))

    def _handle_safely(self):
        """Handle notifications about one payment, and keep what became of them."""
        payment = self.env["fynlo.payment"]
        try:
            payment = self._find_payment()
            verdict = self._handle(payment)
        except ProviderUnavailable as away:
            verdict = Verdict("received", away.code, answered=False)
        except Problem as problem:
            verdict = Verdict("received", problem.code, answered=False)
        except CONFLICTS:
            verdict = Verdict("received", "conflict")
        except Exception:
            # the boundary to providers and all that follows from a payment: one must not hold up all others
            _logger.exception(
                "The notifications %s cannot be handled", self.ids
            )  # reads nothing: the cursor may be broken
            verdict = Verdict("received", "error")
        self.env.cr.rollback()
        transaction.run(self.env, lambda: self._conclude(verdict, payment))
        return verdict

    def _handle(self, payment):
        first = self[0]
        if not first.reference and not first.leg_uuid:
            return Verdict("ignored", "no_payment")
        if not payment:
            return Verdict("received", UNMATCHED)
        wrong = first._foreign_to(payment)
        if wrong:
            _logger.error("The notification %s of %s is refused: %s", first.event_id, first.provider, wrong)
            return Verdict("failed", wrong)
        if self._are_no_news(payment):
            return Verdict("done")
        askers = self._askers()
        asked = {_subject(kind, askers) for kind in self.mapped("kind")}
        self.env.cr.rollback()  # nothing was written, and the provider is asked with no transaction open
        told = [askers[subject](self.env.registry, payment.id) for subject in sorted(asked)]
        return Verdict("done") if all(told) else Verdict("received", "no_answer", answered=False)

    @api.model
    def _askers(self):
        """What is done about a payment of which a notification speaks, by the word in its kind; else ``payment``.

        Each is a function of the registry and the payment's id. It asks the provider and applies what it says,
        in transactions of its own, may be repeated, and returns whether the provider answered.
        """
        return {"payment": _ask_payment, "dispute": look_disputes}

    def _find_payment(self):
        """The payment that they speak of: by its own id when the provider sends it back, else by the provider's."""
        first = self[0]
        payments = self.env["fynlo.payment"].sudo()
        found = payments.search([("fynlo_uuid", "=", first.leg_uuid)], limit=1) if first.leg_uuid else payments
        if not found and first.reference:
            named = ["|", ("provider_reference", "=", first.reference), ("provider_alias", "=", first.reference)]
            found = payments.search(named, limit=1)
        return found

    def _foreign_to(self, payment):
        """Why a notification cannot be about that payment, or ``None``: it was made at another account, or mode."""
        connection = payment._provider()._connection_of(payment)
        if self.account != (connection.account or ""):
            return "wrong_account"
        return "wrong_mode" if self.livemode != connection.livemode else None

    def _are_no_news(self, payment):
        """Whether they only tell how a payment came to be captured that is known to be, by the same name there."""
        known = {payment.provider_reference, payment.provider_alias} - {False}
        kinds = payment._provider()._kinds_until_captured
        return payment.state == "captured" and self[0].reference in known and set(self.mapped("kind")) <= kinds

    def _conclude(self, verdict, payment):
        moment = now()
        for told in self:
            state = verdict.state
            if state == "received" and told.received_at < moment - TRIED_FOR:
                state = "ignored" if verdict.code == UNMATCHED else "failed"
            pause = PAUSES_S[min(told.tries, len(PAUSES_S)) - 1]
            values = {
                "id": told.id,
                "state": state,
                "code": verdict.code,
                "next_try_at": moment + timedelta(seconds=pause),
                "handled_at": None if state == "received" else moment,
                "payment": payment.id or None,
                "company": payment.company_id.id or None,
                "location": payment.config_id.id or None,
            }
            self.env.cr.execute(CONCLUDE, values)
        self.invalidate_recordset()

    def _save(self, handled=0):
        """Commit; returns the seconds that are left for this run."""
        left = self.env["ir.cron"]._commit_progress(handled)
        self.env.invalidate_all()
        return left

    # --- again ---------------------------------------------------------------------------

    def action_handle_again(self):
        """Back office: ask the provider once more, whatever became of the selected notifications."""
        self.check_access("read")
        for told in self:
            self.env["fynlo.audit.log"]._record(
                "notification.handled_again",
                company_id=(told.company_id or self.env.company).id,
                resource=("notification", f"{told.provider} {told.event_id}"),
                before={"state": told.state},
            )
        self.sudo()._handle_again()

    @api.model
    def _handle_failed_again(self, days=3):
        """Handle all again that failed in the last days; returns how many those are."""
        since = now() - timedelta(days=days)
        failed = self.search([("state", "=", "failed"), ("received_at", ">=", since)])
        failed._handle_again()
        return len(failed)

    def _handle_again(self):
        self.env.cr.execute(AGAIN, (now(), self.ids))
        self.invalidate_recordset()
        self._wake()


def _ask_payment(registry, payment_id):
    document, _action = provider_call.look(registry, payment_id)
    return document["state"] not in UNTOLD


def _subject(kind, askers):
    """What a notification of that kind is about: ``charge.dispute.created`` is about a dispute."""
    return next((subject for subject in askers if subject != "payment" and subject in kind), "payment")
