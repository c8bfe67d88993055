"""Health checks: what is measured, each within a time limit, whoever brought the check."""

import logging
import time

import psycopg2
from odoo import api, models

from ...engine.health import CannotTell, Finding

#: How long one check may take in the database, and how long all of them together, in an answer to a request.
CHECK_LIMIT_MS = 300
ANSWER_LIMIT_S = 1.5

_logger = logging.getLogger(__name__)


class FynloHealth(models.AbstractModel):
    """Checks are methods that only read and return a list of :class:`Reading`.

    An addon brings one by extending ``_health_checks`` and a record of ``fynlo.alert.rule`` with
    the same code, which holds thresholds and words. A check that needs what is away raises
    ``CannotTell``. It talks to Redis through ``redis_client.attempt`` alone, whose calls end soon.
    """

    _name = "fynlo.health"
    _description = "Health checks"

    @api.model
    def _health_checks(self):
        """Every check by its code."""
        return {}

    @api.model
    def _look(self, check_limit_ms=CHECK_LIMIT_MS, limit_s=ANSWER_LIMIT_S):
        """Run every check; returns a :class:`Finding` each, by code. Never raises for what a check did."""
        ends_at = time.monotonic() + limit_s
        found = {}
        for code, measure in self.sudo()._health_checks().items():
            if time.monotonic() > ends_at:
                found[code] = Finding(code, trouble=self.env._("There was no time left to look."))
            else:
                found[code] = self._look_at(code, measure, check_limit_ms)
        return found

    def _look_at(self, code, measure, limit_ms):
        try:
            return Finding(code, tuple(self._within(limit_ms, measure)))
        except CannotTell as reason:
            return Finding(code, trouble=str(reason))
        except psycopg2.errors.QueryCanceled:
            return Finding(code, trouble=self.env._("Looking took longer than %s ms.", limit_ms))
        except Exception:
            # the boundary to the checks of all addons: a broken one must not blind all others
            _logger.exception("The health check %s failed", code)
            return Finding(code, trouble=self.env._("The check itself failed; the log says why."))

    def _within(self, limit_ms, measure):
        """``measure()`` in a savepoint, each of its statements limited; nothing of it lasts."""
        cr = self.env.cr
        with cr.savepoint(flush=False):
            cr.execute("SELECT set_config('statement_timeout', %s, true)", (str(limit_ms),))
            readings = measure()
            cr.execute("SET LOCAL statement_timeout TO DEFAULT")
        return readings

    def _rows(self, query, **values):
        """The rows of a query as dicts."""
        self.env.cr.execute(query, values)
        return self.env.cr.dictfetchall()

    def _row(self, query, **values):
        return self._rows(query, **values)[0]
