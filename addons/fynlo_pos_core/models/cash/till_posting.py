"""Posting a closed till in small steps, each committed, so that it may be stopped anywhere and go on.

Odoo adds up all orders of a session in one transaction, a millisecond and more a line. Here its
own code adds up some orders at a time; the last step merges the batches and lets Odoo close the
session. The books are those of Odoo's one-shot closing.
"""

import logging

from odoo import api, fields, models

from ...rest.transaction import CONFLICTS
from .posting_batch import mergeable

_logger = logging.getLogger(__name__)

BATCH_SIZE = 250
#: Context keys: the orders that Odoo's closing code shall see, and that the batches shall be merged in.
ORDERS = "fynlo_posting_orders"
MERGE = "fynlo_posting_merge"


class PosSession(models.Model):
    _inherit = "pos.session"

    fynlo_posting_error = fields.Text(
        "Why it could not be posted", readonly=True, copy=False, help="Put the cause right, then post again."
    )
    fynlo_stock_moved = fields.Boolean("Stock moved", readonly=True, copy=False)
    fynlo_posting_batch_ids = fields.One2many("fynlo.posting.batch", "session_id", "Posting batches", readonly=True)
    fynlo_posting_progress = fields.Float("Posted (%)", compute="_compute_fynlo_posting_progress")

    @api.depends("state", "order_ids", "fynlo_posting_batch_ids.order_count")
    def _compute_fynlo_posting_progress(self):
        for session in self:
            done = sum(session.fynlo_posting_batch_ids.mapped("order_count"))
            share = 100.0 * done / (len(session.order_ids) or 1)
            session.fynlo_posting_progress = 100.0 if session.state == "closed" else min(share, 99.0)

    @api.model
    def _cron_fynlo_post(self):
        """Post the journal entries of closed tills, one step a transaction; a failure keeps its reason."""
        waiting = self.search(
            [("state", "=", "closing_control"), ("fynlo_counted", "=", True), ("fynlo_posting_error", "=", False)]
        )
        for position, session in enumerate(waiting):
            more = True
            while more:
                more = session._fynlo_step_safely()
                self._fynlo_tell_alive()
                left = self.env["ir.cron"]._commit_progress(
                    0 if more else 1, remaining=len(waiting) - position - (not more)
                )
                if not left:
                    return

    def _fynlo_tell_alive(self):
        """Odoo puts a job off for its whole interval when three workers in turn died of it.

        One that has done a step did not hang: whatever killed it, the next worker goes on at once.
        """
        run = self.env["ir.cron.progress"].sudo().browse(self.env.context.get("ir_cron_progress_id"))
        if run.timed_out_counter:
            run.timed_out_counter = 0

    def _fynlo_post_safely(self):
        """Post to the end in this transaction, or undo everything and keep the reason for the manager."""
        while self._fynlo_step_safely():
            self.env.flush_all()

    def _fynlo_step_safely(self):
        """Do the next step; true while there are more. A failure is undone and its reason kept.

        A step that met a till at work on one of the orders (a refund, a late dish) is simply done again.
        """
        try:
            more = self._fynlo_step()
            self.env.flush_all()
            return more
        except CONFLICTS:
            self.env.cr.rollback()
            return True
        except Exception as failure:
            self.env.cr.rollback()
            _logger.exception("Till session %s could not be posted", self.id)
            self.fynlo_posting_error = str(failure) or type(failure).__name__
            self._fynlo_announce()
            return False

    def _fynlo_step(self):
        """The next step of posting: a batch of orders, else the stock, else Odoo's closing itself.

        A till that is not closing has none, so that nothing is posted twice.
        """
        self.ensure_one()
        if self.state != "closing_control":
            return False
        session = self.sudo().with_company(self.company_id)
        if session._fynlo_batched() and session._fynlo_next_batch():
            return True
        if session.update_stock_at_closing and not session.fynlo_stock_moved:
            session._fynlo_move_stock()
            return True
        session._fynlo_post()
        return False

    def _fynlo_batched(self):
        """Whether batches can be merged: invoices and payments with an entry of their own need Odoo's one shot."""
        self.env.cr.execute(
            """SELECT EXISTS (SELECT 1 FROM pos_order WHERE session_id = %(session)s AND account_move IS NOT NULL)
                   OR EXISTS (SELECT 1 FROM pos_payment payment
                                JOIN pos_payment_method method ON method.id = payment.payment_method_id
                               WHERE payment.session_id = %(session)s AND method.split_transactions)""",
            {"session": self.id},
        )
        return not self.env.cr.fetchone()[0]

    def _fynlo_next_batch(self):
        """Add up the next orders and keep the result. False when none is left."""
        done = max(self.fynlo_posting_batch_ids.mapped("last_order_id"), default=0)
        orders = self.env["pos.order"].search(
            [("session_id", "=", self.id), ("id", ">", done), ("state", "not in", ("draft", "cancel"))],
            order="id",
            limit=self.env.context.get("fynlo_batch_size", BATCH_SIZE),
        )
        if not orders:
            return False
        amounts = self.with_context(**{ORDERS: orders.ids})._accumulate_amounts({})
        if not mergeable(amounts):
            raise ValueError(self.env._("The session has payments that must be booked one by one."))
        self.env["fynlo.posting.batch"]._keep(self, orders.ids, amounts)
        self.invalidate_recordset(["fynlo_posting_batch_ids"], flush=False)
        return True

    def _fynlo_move_stock(self):
        """The session's stock moves and the costs that follow from them, as Odoo makes them at closing."""
        self._create_picking_at_end_of_session()
        orders = self._get_closed_orders().filtered(lambda order: not order.is_total_cost_computed)
        orders._compute_total_cost_at_session_closing(self.picking_ids.move_ids)
        self.fynlo_stock_moved = True

    def _fynlo_post(self):
        """Let Odoo close the session: journal entry, reconciliation, orders done.

        Odoo answers some failures with a wizard after rolling back, hence the check of the result.
        """
        merge = {MERGE: True} if self.fynlo_posting_batch_ids else {}
        result = self.with_context(**merge).close_session_from_ui()
        if not result.get("successful"):
            raise ValueError(result.get("message") or self.env._("Odoo could not balance the session's entry."))
        self.fynlo_posting_batch_ids.unlink()
        self.write({"fynlo_posting_error": False, "fynlo_version": self.fynlo_version + 1})
        self._fynlo_announce()

    def action_fynlo_post_again(self):
        """Back office: post from the start after the cause was put right; amounts may have changed with it."""
        self.sudo().fynlo_posting_batch_ids.unlink()
        self.write({"fynlo_posting_error": False})
        self.env.ref("fynlo_pos_core.cron_post_till_sessions").sudo()._trigger()

    # --- what Odoo's closing code sees ---------------------------------------------------

    def _get_closed_orders(self):
        ids = self.env.context.get(ORDERS)
        return super()._get_closed_orders() if ids is None else self.env["pos.order"].browse(ids)

    def _create_picking_at_end_of_session(self):
        return None if self.fynlo_stock_moved else super()._create_picking_at_end_of_session()

    def _accumulate_amounts(self, data):
        if not self.env.context.get(MERGE):
            return super()._accumulate_amounts(data)
        nothing = {ORDERS: [], MERGE: False}
        amounts = super(PosSession, self.with_context(**nothing))._accumulate_amounts(data)  # stock alone
        return self.fynlo_posting_batch_ids._merge_into(amounts, self)
