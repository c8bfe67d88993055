"""Audit log: what was done, by whom and why; it can be added to, never changed, and shows tampering."""

import hashlib
import json
from itertools import groupby

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.http import request
from psycopg2 import sql
from psycopg2.extras import execute_values

from ...tools.clock import now, wire

WAITING = "fynlo.audit"
BATCH = 2_000

#: What the hash covers, in this order, after the hash of the entry before.
COLUMNS = (
    "company_id", "seq", "at", "action", "resource_type", "resource_id", "actor", "actor_id", "device_id",
    "address", "request_id", "before", "after", "reason", "approver",
)  # fmt: skip


class FynloAuditLog(models.Model):
    """Each entry carries the hash of the one before it in its company, so none can vanish unseen.

    Names are copied, not linked: an entry outlives the people and devices it tells of.
    """

    _name = "fynlo.audit.log"
    _description = "Audit log"
    _log_access = False
    _order = "id desc"
    _rec_name = "action"

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="restrict")
    seq = fields.Integer("Number", required=True, readonly=True, help="Counts without gaps in each company.")
    at = fields.Datetime(required=True, readonly=True)
    action = fields.Char(required=True, readonly=True)
    resource_type = fields.Char(readonly=True)
    resource_id = fields.Char("Resource ID", readonly=True)
    actor = fields.Char("Who", readonly=True)
    actor_id = fields.Char("Who (ID)", readonly=True)
    device_id = fields.Char("Device (ID)", readonly=True)
    address = fields.Char(readonly=True)
    request_id = fields.Char(readonly=True)
    before = fields.Text(readonly=True)
    after = fields.Text(readonly=True)
    reason = fields.Char(readonly=True)
    approver = fields.Char("Approved by", readonly=True)
    prev_hash = fields.Char("Hash before", readonly=True)
    hash = fields.Char(required=True, readonly=True)

    _place_unique = models.UniqueIndex("(company_id, seq)")

    def init(self):
        """The database itself refuses changes, whoever asks."""
        self.env.cr.execute("""
            CREATE OR REPLACE FUNCTION fynlo_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'the audit log is insert-only'; END $$;
            CREATE OR REPLACE TRIGGER fynlo_audit_log_insert_only
              BEFORE UPDATE OR DELETE OR TRUNCATE ON fynlo_audit_log
              FOR EACH STATEMENT EXECUTE FUNCTION fynlo_audit_refuse();
        """)

    # the ORM never writes this table: the next three exist only to refuse
    # pylint: disable=method-required-super,no-raise-unlink
    @api.model_create_multi
    def create(self, vals_list):
        raise UserError(self.env._("The audit log is written by the system alone."))

    def write(self, vals):
        raise UserError(self.env._("The audit log cannot be changed."))

    def unlink(self):
        raise UserError(self.env._("The audit log cannot be changed."))

    # pylint: enable=method-required-super,no-raise-unlink

    # --- writing -----------------------------------------------------------------------------------

    @api.model
    def _record(
        self, action, *, company_id, resource=(None, None), before=None, after=None,
        reason="", approver="", actor=None, device=None,
    ):  # fmt: skip
        """Note ``action`` if this transaction commits.

        ``resource`` is (type, public id); ``before`` and ``after`` are JSON values; ``actor`` (an
        employee) and ``device`` are those of the request unless given. The entry is numbered at
        the commit, so that the company's chain is held for a moment only.
        """
        cr = self.env.cr
        waiting = cr.precommit.data.get(WAITING)
        if waiting is None:
            waiting = cr.precommit.data[WAITING] = []
            cr.precommit.add(lambda: _insert(cr))
        waiting.append(
            {
                "company_id": company_id,
                "at": now(),
                "action": action,
                "resource_type": resource[0],
                "resource_id": resource[1],
                **self._who(actor, device),
                "before": _dumps(before),
                "after": _dumps(after),
                "reason": reason or None,
                "approver": approver or None,
            }
        )

    def _who(self, actor, device):
        """Who acts: the given employee, the request's, or the user of the back office."""
        call = getattr(request, "fynlo", None) if request else None
        identity = call.identity if call else None
        if actor:
            name, uuid = actor.sudo().name, actor.sudo().fynlo_uuid
        elif identity and identity.employee_id:
            name, uuid = identity.employee_name, identity.employee_uuid
        else:
            name, uuid = self.env.user.name, self.env.user.login
        return {
            "actor": name,
            "actor_id": uuid,
            "device_id": device.fynlo_uuid if device else identity.device_uuid if identity else None,
            "address": call.address if call else None,
            "request_id": call.request_id if call else None,
        }

    # --- checking ----------------------------------------------------------------------------------

    @api.model
    def _verify(self, companies=None):
        """Recompute every chain; returns one ``{"company", "entries", "ok", "broken_at"}`` a company.

        ``broken_at`` is the number of the first entry that was changed, removed or put in.
        """
        self.env.cr.flush()
        companies = companies or self.env["res.company"].sudo().search([])
        return [self._verify_one(company) for company in companies]

    def _verify_one(self, company):
        seq, last_hash, broken_at = 0, "", None
        for entry in self._entries(company.id):
            seq += 1
            if (
                entry["seq"] != seq
                or (entry["prev_hash"] or "") != last_hash
                or _hash(last_hash, entry) != entry["hash"]
            ):
                broken_at = seq
                break
            last_hash = entry["hash"]
        self.env.cr.execute("SELECT last_seq, last_hash FROM fynlo_audit_head WHERE company_id = %s", (company.id,))
        head = self.env.cr.fetchone() or (0, "")
        if broken_at is None and head != (seq, last_hash):
            broken_at = seq + 1
        return {"company": company.name, "entries": seq, "ok": broken_at is None, "broken_at": broken_at}

    @api.model
    def _broken_ends(self, newest):
        """The companies whose ``newest`` entries do not hold together up to the head of their chain.

        Cheap enough for every minute; what was changed before those only :meth:`_verify` finds.
        """
        # one statement: an entry that is being added meanwhile is seen with its head or not at all
        self.env.cr.execute(
            """SELECT head.company_id AS chain, head.last_seq, head.last_hash, entry.*
                 FROM fynlo_audit_head head
                 LEFT JOIN LATERAL (SELECT * FROM fynlo_audit_log log WHERE log.company_id = head.company_id
                                     ORDER BY log.seq DESC LIMIT %s) entry ON TRUE
                ORDER BY head.company_id, entry.seq DESC""",
            (newest,),
        )
        chains = groupby(self.env.cr.dictfetchall(), key=lambda row: row["chain"])
        broken = [company_id for company_id, entries in chains if not _holds_together(list(entries))]
        return self.env["res.company"].browse(broken)

    def _entries(self, company_id):
        """The entries of a company in order, read in batches and past the ORM: the stored text is what counts."""
        last = 0
        while True:
            self.env.cr.execute(
                "SELECT * FROM fynlo_audit_log WHERE company_id = %s AND seq > %s ORDER BY seq LIMIT %s",
                (company_id, last, BATCH),
            )
            batch = self.env.cr.dictfetchall()
            yield from batch
            if len(batch) < BATCH:
                return
            last = batch[-1]["seq"]

    def action_verify(self):
        """Back office: check the chains of the user's companies and tell the result."""
        self.browse().check_access("read")
        results = self.sudo()._verify(self.env.companies)
        broken = [f"{one['company']}: {one['broken_at']}" for one in results if not one["ok"]]
        entries = sum(one["entries"] for one in results)
        text = (
            self.env._("Tampered with, first at entry %s", ", ".join(broken))
            if broken
            else self.env._("All %s entries are as they were written.", entries)
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"message": text, "type": "danger" if broken else "success", "sticky": bool(broken)},
        }

    def _api_values(self):
        return {
            "number": self.seq,
            "at": wire(self.at),
            "action": self.action,
            "resource": {"type": self.resource_type or None, "id": self.resource_id or None},
            "actor": {"id": self.actor_id or None, "name": self.actor or None},
            "device_id": self.device_id or None,
            "before": json.loads(self.before) if self.before else None,
            "after": json.loads(self.after) if self.after else None,
            "reason": self.reason or None,
            "approver": self.approver or None,
            "hash": self.hash,
        }


class FynloAuditHead(models.Model):
    """The end of a company's chain; its row is the lock that puts entries in one order."""

    _name = "fynlo.audit.head"
    _description = "End of an audit chain"
    _log_access = False
    _rec_name = "company_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    last_seq = fields.Integer(required=True, readonly=True)
    last_hash = fields.Char(readonly=True)

    _company_unique = models.UniqueIndex("(company_id)")


def _insert(cr):
    """Chain the waiting entries, company by company, in one order for every transaction."""
    waiting = cr.precommit.data.pop(WAITING, [])
    entries = sorted(waiting, key=lambda entry: entry["company_id"])  # stable: time order stays
    for company_id in dict.fromkeys(entry["company_id"] for entry in entries):
        _append(cr, company_id, [entry for entry in entries if entry["company_id"] == company_id])


def _append(cr, company_id, entries):
    cr.execute(
        """INSERT INTO fynlo_audit_head (company_id, last_seq, last_hash) VALUES (%s, 0, '')
           ON CONFLICT (company_id) DO UPDATE SET company_id = EXCLUDED.company_id RETURNING last_seq, last_hash""",
        (company_id,),
    )
    seq, last_hash = cr.fetchone()
    for entry in entries:
        seq += 1
        entry.update(seq=seq, prev_hash=last_hash)
        last_hash = entry["hash"] = _hash(last_hash, entry)
    columns = (*COLUMNS, "prev_hash", "hash")
    execute_values(
        cr._obj,
        sql.SQL("INSERT INTO fynlo_audit_log ({}) VALUES %s").format(sql.SQL(", ").join(map(sql.Identifier, columns))),
        [tuple(entry[column] for column in columns) for entry in entries],
    )
    cr.execute(
        "UPDATE fynlo_audit_head SET last_seq = %s, last_hash = %s WHERE company_id = %s", (seq, last_hash, company_id)
    )


def _holds_together(entries):
    """Whether a chain's newest entries, the last one first, follow from each other and end at its head."""
    seq, last_hash = entries[0]["last_seq"], entries[0]["last_hash"] or ""
    for entry in entries:
        if entry["seq"] is None:
            return seq == 0
        before = entry["prev_hash"] or ""
        if (entry["seq"], entry["hash"]) != (seq, last_hash) or _hash(before, entry) != entry["hash"]:
            return False
        seq, last_hash = seq - 1, before
    return True


def _hash(previous, entry):
    """SHA-256 over the hash before and the canonical JSON of the entry."""
    told = {column: entry[column] for column in COLUMNS} | {"at": entry["at"].isoformat(timespec="microseconds")}
    return hashlib.sha256(f"{previous}\n{_dumps(told)}".encode()).hexdigest()


def _dumps(value):
    """Canonical JSON; ``None`` stays nothing."""
    return None if value is None else json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
