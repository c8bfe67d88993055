"""Brings what gateways tell about connections from Redis into the database, each record once."""

import json
import logging
import time
from datetime import UTC, datetime, timedelta

import psycopg2
from odoo import api, models
from odoo.tools import SQL

from ...engine.connection_records import Told
from ...rest import transaction
from ...tools import redis_client
from ...tools.settings import settings
from .stream_position import CONNECTIONS, entry_place

BATCH = 500
#: Batches of one look: a screen must not wait for a long backlog, the cron works it off.
BATCHES_ON_DEMAND = 4
BATCHES_OF_CRON = 200
LOOK_EVERY_S = 1.0
#: A connection that two sweeps of a living gateway did not name is no more; its end was lost.
MISSED_AFTER = timedelta(seconds=150)

ADD_PARTIES = """
    INSERT INTO fynlo_connection (fynlo_uuid, gateway, device_id, employee_id, config_id, company_id, address,
                                  user_agent, opened_at, last_seen_at,
                                  topics, messages_received, events_replayed, kilobytes_sent)
    SELECT said.id, said.gateway, device.id, employee.id, coalesce(session.config_id, device.config_id),
           coalesce(session.company_id, device.company_id, employee.company_id), said.address, said.agent,
           said.opened_at, said.opened_at, 0, 0, 0, 0
      FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamp[])
           AS said(id, gateway, device, employee, session, address, agent, opened_at)
      LEFT JOIN fynlo_session session ON session.fynlo_uuid = said.session
      LEFT JOIN fynlo_device device ON device.fynlo_uuid = said.device
      LEFT JOIN hr_employee employee ON employee.fynlo_uuid = said.employee
     WHERE coalesce(session.company_id, device.company_id, employee.company_id) IS NOT NULL
     ORDER BY said.opened_at
        ON CONFLICT (fynlo_uuid) DO NOTHING
"""
#: One that was taken for lost and is seen after that was not lost.
NOTE_SEEN = """
    UPDATE fynlo_connection SET last_seen_at = said.at, closed_at = NULL, closed_by = NULL, ending = NULL
      FROM unnest(%s::text[], %s::timestamp[]) AS said(id, at)
     WHERE fynlo_uuid = said.id AND last_seen_at < said.at AND (closed_at IS NULL OR closed_by = 'lost')
"""
NOTE_ENDINGS = """
    UPDATE fynlo_connection
       SET closed_at = said.at, last_seen_at = said.at, closed_by = said.by, ending = said.ending, code = said.code,
           reason = said.reason, topics = said.topics, messages_received = said.received,
           events_replayed = said.replayed, kilobytes_sent = said.kilobytes
      FROM unnest(%s::text[], %s::timestamp[], %s::text[], %s::text[], %s::int[], %s::text[], %s::int[], %s::int[],
                  %s::int[], %s::int[])
           AS said(id, at, by, ending, code, reason, topics, received, replayed, kilobytes)
     WHERE fynlo_uuid = said.id AND (closed_at IS NULL OR closed_by = 'lost')
"""
#: The end of a lost connection is the last moment at which it was seen.
NOTE_LOST = """
    UPDATE fynlo_connection SET closed_at = last_seen_at, closed_by = 'lost', ending = 'lost'
      FROM unnest(%s::text[], %s::timestamp[]) AS said(gateway, seen_since)
     WHERE fynlo_connection.gateway = said.gateway AND closed_at IS NULL
       AND (said.seen_since IS NULL OR last_seen_at < said.seen_since)
"""

_logger = logging.getLogger(__name__)
_looked = {"at": float("-inf")}


class FynloConnectionImport(models.AbstractModel):
    """Each batch is a transaction of its own that holds the records and how far they were read.

    A crash therefore repeats and loses nothing. Records may come twice and in any order: an ending
    is final, except that a connection taken for lost comes back when it is seen again.
    """

    _name = "fynlo.connection.import"
    _description = "Import of connections"

    @api.model
    def _cron_import(self):
        """Bring in all that waits."""
        self._catch_up(BATCHES_OF_CRON)

    @api.model
    def _freshen(self):
        """Bring in what waits, for somebody who looks; this process asks Redis once a second at most."""
        if time.monotonic() - _looked["at"] >= LOOK_EVERY_S:
            _looked["at"] = time.monotonic()
            try:
                self._catch_up(BATCHES_ON_DEMAND)
            except psycopg2.Error:  # who looks sees what there is; the cron fails where it is noticed
                _logger.warning("Connections could not be imported", exc_info=True)

    def _catch_up(self, batches):
        for _turn in range(batches):
            with self.env.registry.cursor() as cr:
                transaction.begin(cr)
                more = self.with_env(self.env(cr=cr, su=True))._import_batch()
            if not more:
                break
        self.env["fynlo.connection"].invalidate_model()

    @api.model
    def _import_batch(self):
        """Take in the next batch, in this transaction; whether more may wait.

        Nothing happens while another process imports, or while Redis is away.
        """
        positions = self.env["fynlo.stream.position"]
        place = positions._take(CONNECTIONS)
        entries = place and _read(place)
        if entries is None:
            return False
        if entries:
            self._take_in([fields.get(b"r", b"") for _entry_id, fields in entries])
            positions._keep(CONNECTIONS, entry_place(entries[-1][0]))
        if len(entries) < BATCH:
            self._note_lost()
        return len(entries) == BATCH

    def _take_in(self, records):
        told = Told()
        for record in records:
            told.take_in(record)
        self._run(ADD_PARTIES, told.parties.values())
        self._run(NOTE_SEEN, told.seen.items())
        self._run(NOTE_ENDINGS, told.endings.values())

    def _note_lost(self):
        """Close the connections of gateways that are gone, and those that a living gateway no longer names.

        The signs of life are read after the records: a gateway writes both in one transaction, so
        a connection that was read belongs to a gateway whose sign was there, unless it ended.
        """
        self.env.cr.execute("SELECT DISTINCT gateway FROM fynlo_connection WHERE closed_at IS NULL")
        gateways = [gateway for (gateway,) in self.env.cr.fetchall()]
        keys = [f"{settings().stream_prefix}gateway:{gateway}" for gateway in gateways]
        signs = gateways and redis_client.attempt(lambda client: client.mget(keys), None)
        if signs:
            self._run(NOTE_LOST, zip(gateways, map(_seen_since, signs), strict=True))

    def _run(self, statement, rows):
        if columns := [list(column) for column in zip(*rows, strict=True)]:
            self.env.cr.execute(SQL(statement, *columns))


def _read(place):
    """The entries after ``place``, up to ``BATCH``; None when Redis does not answer.

    A stream that ends before ``place`` is another one: Redis was restored, or its clock set back.
    """
    key = f"{settings().stream_prefix}{CONNECTIONS}"

    def ask(client):
        pipe = client.pipeline(transaction=True)
        pipe.xrevrange(key, count=1)
        pipe.xrange(key, "({}-{}".format(*place), count=BATCH)
        newest, entries = pipe.execute()
        if newest and entry_place(newest[0][0]) < place:
            return client.xrange(key, count=BATCH)
        return entries

    return redis_client.attempt(ask, None)


def _seen_since(sign):
    """Since when a gateway's connections must have been seen; None for a gateway that is gone."""
    if sign is None:
        return None
    swept_at = datetime.fromtimestamp(json.loads(sign)["swept_at"], UTC).replace(tzinfo=None)
    return swept_at - MISSED_AFTER
