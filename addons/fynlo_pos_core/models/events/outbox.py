"""Outbox: an event is a row in the transaction of what happened, and leaves only if that commits."""

import json

from odoo import api, fields, models

from ...rest import closing_statements
from ...rest.prepared_statement import PreparedStatement
from ...tools.clock import now
from ...tools.identifiers import uuid7

WAITING = "fynlo.events"

INSERT = PreparedStatement(
    """WITH sent AS (
           INSERT INTO fynlo_outbox (company_id, topic, type, event_id, resource_id, deleted, payload, created_at)
           SELECT company, topic, type, event, resource, deleted, payload, %(at)s
             FROM unnest(%(companies)s, %(topics)s, %(types)s, %(events)s, %(resources)s, %(deleted)s, %(payloads)s)
                  WITH ORDINALITY AS event(company, topic, type, event, resource, deleted, payload, place)
            ORDER BY place)
       SELECT pg_notify('fynlo_outbox', '')""",
    at="timestamp",
    companies="int[]",
    topics="text[]",
    types="text[]",
    events="text[]",
    resources="text[]",
    deleted="bool[]",
    payloads="text[]",
)


class FynloOutbox(models.Model):
    """Events on their way to the tills. The relay numbers the rows and copies them to Redis."""

    _name = "fynlo.outbox"
    _description = "Event for tills"
    _log_access = False
    _order = "id desc"
    _rec_name = "type"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    topic = fields.Char(required=True, readonly=True)
    type = fields.Char(required=True, readonly=True)
    event_id = fields.Char("Event ID", required=True, readonly=True)
    resource_id = fields.Char("Resource ID", readonly=True)
    deleted = fields.Boolean(readonly=True)
    payload = fields.Text(required=True, readonly=True)
    created_at = fields.Datetime(required=True, readonly=True, index=True)
    topic_offset = fields.Integer(
        "Offset", readonly=True, help="Place in the topic; empty until the relay has sent it."
    )
    seq = fields.Integer("Sequence", readonly=True, help="Place in the company's change feed.")

    _unsent = models.Index("(id) WHERE topic_offset IS NULL")
    _of_resource = models.Index("(resource_id)")
    _topic_place = models.UniqueIndex("(topic, topic_offset)")
    _feed_place = models.UniqueIndex("(company_id, seq)")

    def init(self):
        """Offsets are NULL until sent; the ORM would write 0 for an unset integer, so rows are made in SQL."""
        self.env.cr.execute("ALTER TABLE fynlo_outbox ALTER COLUMN created_at SET DEFAULT (now() AT TIME ZONE 'UTC')")

    @api.model
    def _emit(self, company_id, topic, event_type, resource_id, data, *, deleted=False):
        """Announce ``data`` on ``topic`` if this transaction commits.

        Several events of one type about one resource in one transaction become one: the last,
        at the place of the last. Safe to call any number of times; nothing is sent from here.
        """
        cr = self.env.cr
        waiting = cr.precommit.data.get(WAITING)
        if waiting is None:
            waiting = cr.precommit.data[WAITING] = {}
            cr.precommit.add(lambda: _insert(cr))
        place = (topic, event_type, str(resource_id))
        waiting.pop(place, None)
        waiting[place] = (company_id, data, deleted)

    @api.model
    def _backlog(self, company_id=None):
        """How many events wait for the relay, and for how many seconds the oldest does; of one company if named."""
        self.env.cr.execute(
            """SELECT count(*), coalesce(extract(epoch FROM (now() AT TIME ZONE 'UTC') - min(created_at)), 0)
                 FROM fynlo_outbox WHERE topic_offset IS NULL AND (%(company)s IS NULL OR company_id = %(company)s)""",
            {"company": company_id},
        )
        unsent, age_s = self.env.cr.fetchone()
        return {"unsent": unsent, "oldest_unsent_s": max(0.0, round(float(age_s), 1))}


def _insert(cr):
    """Write the waiting events in one statement, the last of the transaction, and wake the relay at commit."""
    waiting = cr.precommit.data.pop(WAITING, {})
    moment = now()
    rows = [
        (company_id, topic, event_type, uuid7(), resource_id, deleted, _dumps(data))
        for (topic, event_type, resource_id), (company_id, data, deleted) in waiting.items()
    ]
    if rows:
        names = ("companies", "topics", "types", "events", "resources", "deleted", "payloads")
        closing_statements.add(
            cr, INSERT, **dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)), at=moment
        )


def _dumps(data):
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)
