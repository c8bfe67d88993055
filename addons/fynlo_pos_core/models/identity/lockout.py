"""Lockouts: failed sign-ins are counted in PostgreSQL, and after too many nobody may try for a while."""

import math
from dataclasses import dataclass
from datetime import timedelta

from odoo import api, fields, models
from psycopg2.extras import execute_values

from ...rest import Problem, declare
from ...tools.clock import now, wire
from ...tools.identifiers import uuid7

declare(
    "sign_in_locked",
    429,
    "Sign-in locked",
    "Too many failed attempts; signing in is refused for a while, even with the right PIN or password.",
    "Wait Retry-After seconds, or ask a manager to unlock it in the back office.",
)


@dataclass(frozen=True, slots=True)
class Rule:
    """``tries`` failures within ``minutes`` lock for as long."""

    tries: int
    minutes: int


RULES = {
    "device_employee": Rule(5, 15),
    "employee": Rule(15, 60),  # over all devices: a thief with many tills gains nothing
    "device": Rule(30, 15),  # over all employees: one till cannot be used to try everybody
    "login": Rule(5, 15),
}
KEEP_DAYS = 7


@dataclass(frozen=True, slots=True)
class Subject:
    """What failures are counted for."""

    kind: str
    key: str
    company_id: int | None = None
    employee_id: int | None = None
    device_id: int | None = None

    @property
    def name(self):
        return f"{self.kind}:{self.key}"


class FynloLockout(models.Model):
    _name = "fynlo.lockout"
    _description = "Failed sign-ins"
    _log_access = False
    _order = "locked_until desc, last_failure_at desc"
    _rec_name = "kind"

    subject = fields.Char(required=True, readonly=True)
    kind = fields.Selection(
        [
            ("device_employee", "Employee on one device"),
            ("employee", "Employee on all devices"),
            ("device", "Device"),
            ("login", "E-mail sign-in"),
        ],
        required=True,
        readonly=True,
    )
    company_id = fields.Many2one("res.company", readonly=True, index=True, ondelete="cascade")
    employee_id = fields.Many2one("hr.employee", readonly=True, ondelete="cascade")
    device_id = fields.Many2one("fynlo.device", readonly=True, ondelete="cascade")
    failures = fields.Integer(required=True, readonly=True, default=0)
    first_failure_at = fields.Datetime(readonly=True)
    last_failure_at = fields.Datetime(readonly=True)
    locked_until = fields.Datetime(readonly=True)
    is_locked = fields.Boolean("Locked", compute="_compute_is_locked", search="_search_is_locked")
    last_address = fields.Char(readonly=True)

    _subject_unique = models.UniqueIndex("(subject)")

    @api.depends("locked_until")
    def _compute_is_locked(self):
        moment = now()
        for lockout in self:
            lockout.is_locked = bool(lockout.locked_until and lockout.locked_until > moment)

    def _search_is_locked(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("locked_until", ">", now())] if True in value else [("locked_until", "<=", now())]

    @api.model
    def _hold(self, subjects):
        """Lock the counters of ``subjects`` for this transaction. Raises ``sign_in_locked``.

        Attempts on one subject thus come one after the other: a burst cannot slip past the count.
        The rows are taken in one order, so that two attempts never wait for each other.
        """
        rows = [
            (one.name, one.kind, one.company_id, one.employee_id, one.device_id)
            for one in sorted(subjects, key=lambda one: one.name)
        ]
        held = execute_values(
            self.env.cr._obj,
            """INSERT INTO fynlo_lockout (subject, kind, company_id, employee_id, device_id, failures)
               VALUES %s ON CONFLICT (subject) DO UPDATE SET kind = EXCLUDED.kind RETURNING locked_until""",
            rows,
            template="(%s, %s, %s, %s, %s, 0)",
            fetch=True,
        )
        until = max((moment for (moment,) in held if moment), default=None)
        if until and until > now():
            seconds = max(1, math.ceil((until - now()).total_seconds()))
            raise Problem(
                "sign_in_locked",
                "Too many failed attempts. Try again later, or ask a manager.",
                headers={"Retry-After": str(seconds)},
            )

    @api.model
    def _fail(self, subjects, address):
        """Count a failure for each subject; lock, log and alert where it was one too many.

        The caller raises a lasting problem, so that the count outlives the refused request.
        """
        for counter in self._of(subjects):
            rule, moment = RULES[counter.kind], now()
            fresh = counter.first_failure_at and counter.first_failure_at > moment - timedelta(minutes=rule.minutes)
            failures = counter.failures + 1 if fresh else 1
            vals = {"failures": failures, "last_failure_at": moment, "last_address": address}
            if not fresh:
                vals["first_failure_at"] = moment
            if failures >= rule.tries:
                vals.update(failures=0, first_failure_at=False, locked_until=moment + timedelta(minutes=rule.minutes))
            counter.write(vals)
            if failures >= rule.tries:
                counter._announce()

    @api.model
    def _clear(self, subjects):
        """Forget the failures of these subjects, after a success."""
        self._of(subjects).write({"failures": 0, "first_failure_at": False})

    def action_unlock(self):
        """Back office: let the person or device try again at once."""
        self.check_access("read")
        for counter in self.sudo():
            counter.write({"failures": 0, "first_failure_at": False, "locked_until": False})
            counter._log("sign_in.unlocked")

    def _of(self, subjects):
        return self.sudo().search([("subject", "in", [one.name for one in subjects])])

    def _announce(self):
        """Tell the log and the managers that this subject is locked."""
        self._log("sign_in.locked", after={"kind": self.kind, "until": wire(self.locked_until)})
        if not self.company_id:
            return
        who = self.employee_id.name or self.device_id.name
        self._alert(
            self.company_id,
            "sign_in_locked",
            self.env._("Too many failed sign-ins: %s is locked.", who),
            {
                "kind": self.kind,
                "until": wire(self.locked_until),
                "employee": self.employee_id._fynlo_name_values() if self.employee_id else None,
                "device": {"id": self.device_id.fynlo_uuid, "name": self.device_id.name} if self.device_id else None,
            },
        )

    @api.model
    def _alert(self, company, code, text, details):
        """Raise an alert on the managers' dashboard of ``company``, and by e-mail for whoever it named."""
        company._fynlo_mail_alert(text)
        alert = uuid7()
        self.env["fynlo.outbox"]._emit(
            company.id,
            f"c.{company.fynlo_uuid}.dashboard",
            "alert.raised",
            alert,
            {"id": alert, "code": code, "text": text, **details},
        )

    def _log(self, action, **details):
        if self.company_id:
            resource = (
                ("employee", self.employee_id.fynlo_uuid) if self.employee_id else ("device", self.device_id.fynlo_uuid)
            )
            self.env["fynlo.audit.log"]._record(action, company_id=self.company_id.id, resource=resource, **details)

    @api.autovacuum
    def _gc_old_counters(self):
        old = now() - timedelta(days=KEEP_DAYS)
        self.sudo().search([("last_failure_at", "<", old), ("locked_until", "<", old)], limit=1000).unlink()
        self.sudo().search([("last_failure_at", "<", old), ("locked_until", "=", False)], limit=1000).unlink()
