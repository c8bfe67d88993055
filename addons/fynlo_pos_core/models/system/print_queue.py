"""Print queues: every print comes out at most once, after its request was committed and outside of it.

Reserve, call, apply: a print is marked as being made and committed before a byte leaves, so that
no restart can make it again. When nobody can tell whether paper came out it is ``unknown``; people
see that and print again by hand, marked as a copy.
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.clock import now
from ...tools.network_printer import PrinterRefused, PrintUnknown

#: Waits between attempts on a printer that refuses; after the last one the print has failed.
PAUSES_S = (5, 15, 30, 60, 120, 300)
#: A print that is being made for so long was left by a process that died.
LOST_AFTER = timedelta(minutes=3)


class FynloPrintQueue(models.AbstractModel):
    """Makes the records of a model prints.

    The model gives ``_printer()``, the :class:`NetworkPrinter` of a print; ``_paper()``, the bytes
    for it; and ``_announce_print()``, which tells who waits for it what became of it.
    """

    _name = "fynlo.print.queue"
    _description = "Print queue"

    #: The many2one whose record stands for one printer: its prints come out in their order.
    _lane = None
    #: The scheduled action that runs ``_cron_print`` of the model.
    _cron = None

    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("printing", "Printing"),
            ("printed", "Printed"),
            ("failed", "Failed"),
            ("unknown", "Unknown"),
        ],
        default="waiting",
        required=True,
        readonly=True,
    )
    attempts = fields.Integer(default=0, required=True, readonly=True)
    queued_at = fields.Datetime(required=True, readonly=True, default=lambda self: now())
    next_try_at = fields.Datetime(readonly=True, required=True, default=lambda self: now())
    reserved_at = fields.Datetime(readonly=True)
    printed_at = fields.Datetime(readonly=True)
    failure = fields.Char(readonly=True)

    _to_do = models.Index("(id) WHERE state IN ('waiting', 'printing')")

    @api.model
    def _cron_print(self):
        """Print what waits, each printer's prints in their order, each print in transactions of its own."""
        self._give_up_lost()
        for lane in self.search([("state", "=", "waiting"), ("next_try_at", "<=", now())])[self._lane]:
            while job := self._reserve(lane):
                job._apply(job._call())
                if job.state == "waiting":
                    break  # the printer refuses: the rest of its prints would be refused too

    # --- reserve, call, apply ------------------------------------------------------------

    def _reserve(self, lane):
        """The printer's next print, marked as being made for all to see; nothing when it must wait."""
        self.env.cr.execute(
            SQL(
                """UPDATE %(table)s SET state = 'printing', reserved_at = %(now)s, attempts = attempts + 1
                    WHERE id = (SELECT id FROM %(table)s WHERE %(lane)s = %(printer)s AND state = 'waiting'
                                 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
                      AND next_try_at <= %(now)s
                RETURNING id""",
                table=SQL.identifier(self._table),
                lane=SQL.identifier(self._lane),
                printer=lane.id,
                now=now(),
            )
        )
        row = self.env.cr.fetchone()
        self._save()
        return self.browse(row and row[0])

    def _call(self):
        """Hand the print to its printer; returns the values that the answer gives it."""
        try:
            self._printer().deliver(self._paper())
        except PrinterRefused as refusal:
            return self._after_refusal(str(refusal))
        except PrintUnknown as doubt:
            return {"state": "unknown", "failure": str(doubt)}
        return {"state": "printed", "printed_at": now(), "failure": False}

    def _apply(self, values):
        """Keep what became of the print and tell who waits for it.

        What was printed is not written: people work on it meanwhile, and a conflict here would
        lose what the printer said.
        """
        self.write(values)
        if values["state"] != "waiting":
            self._announce_print()
        self._save()

    def _after_refusal(self, reason):
        if self.attempts > len(PAUSES_S):
            return {"state": "failed", "failure": reason}
        next_try = now() + timedelta(seconds=PAUSES_S[self.attempts - 1])
        self._wake(next_try)
        return {"state": "waiting", "next_try_at": next_try, "failure": reason}

    def _give_up_lost(self):
        """Prints of a process that died on the way: nobody knows whether they came out."""
        for job in self.search([("state", "=", "printing"), ("reserved_at", "<", now() - LOST_AFTER)]):
            job._apply(
                {"state": "unknown", "failure": self.env._("The printing process ended before the printer answered.")}
            )

    @api.model
    def _wake(self, moment=None):
        self.env.ref(self._cron).sudo()._trigger(moment)

    def _save(self):
        """Commit: what is known of a print must outlive this process."""
        self.env["ir.cron"]._commit_progress()
        self.invalidate_model()
