"""Idempotency records: the answer of a write, kept under the key that the client chose.

The record is written in the transaction of the effect, so either both exist or neither does.
"""

import hashlib
import json
import re
from dataclasses import dataclass

from odoo.sql_db import Cursor

from . import closing_statements
from .prepared_statement import PreparedStatement
from .problem import Problem

#: Keeps the advisory locks of keys apart from other advisory locks.
LOCK_SEED = 4711

CLAIM = PreparedStatement(
    """SELECT now() AT TIME ZONE 'UTC', pg_try_advisory_xact_lock(hashtextextended(%(lock)s, %(seed)s)), found.*
          FROM (SELECT 1) one
          LEFT JOIN (SELECT body_hash, status, body FROM fynlo_idempotency
                      WHERE scope = %(scope)s AND key = %(key)s) found ON TRUE"""
)
RECORD = PreparedStatement(
    """INSERT INTO fynlo_idempotency
              (company_id, scope, key, route, body_hash, status, body, resource_type, resource_id, created_at)
       VALUES (%(company)s, %(scope)s, %(key)s, %(route)s, %(body_hash)s, %(status)s, %(body)s,
               %(resource_type)s, %(resource_id)s, now() AT TIME ZONE 'UTC')"""
)

KEY = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True)
class Replay:
    """An answer given before."""

    status: int
    body: bytes


def read_key(headers):
    """The request's key, from ``Idempotency-Key`` or its older name ``X-Idempotency-Key``."""
    key = headers.get("Idempotency-Key") or headers.get("X-Idempotency-Key")
    if not key:
        raise Problem("idempotency_key_missing", "Send an Idempotency-Key header with every write.")
    if not KEY.fullmatch(key):
        raise Problem("idempotency_key_missing", "An Idempotency-Key is 1 to 200 visible ASCII characters.")
    return key


def body_hash(route_name, path, raw):
    """What makes two requests the same one: method, path and body."""
    digest = hashlib.sha256(f"{route_name}\0{path}\0".encode())
    digest.update(raw)
    return digest.hexdigest()


def claim(cr, scope, key, wanted_hash):
    """Take the key for this transaction; return the :class:`Replay` if it was used before.

    Raises ``operation_in_progress`` while a twin is at work, ``idempotency_key_reused`` when the
    key belongs to another request. A twin that commits between the look and the lock is caught by
    the unique index when the record is written; the transaction then runs again and finds it.
    """
    CLAIM.execute(cr, lock=_lock_name(scope, key), seed=LOCK_SEED, scope=scope, key=key)
    moment, locked, known_hash, status, body = cr.fetchone()
    if isinstance(cr, Cursor):
        cr._now = moment  # every write asks for it, and would ask the database once more
    if known_hash is not None:
        if known_hash != wanted_hash:
            raise Problem("idempotency_key_reused", "This Idempotency-Key was used for another request.")
        return Replay(status, body.encode())
    if not locked:
        raise Problem("operation_in_progress", "The same request is being worked on.", headers={"Retry-After": "1"})
    return None


def outcome(cr, scope, key):
    """What became of the write that carried ``key``; ``None`` when it left no trace.

    Looks for the lock first and for the record in a later statement: a write that commits in
    between is then found done. That needs READ COMMITTED, where each statement sees the present.
    """
    working = _is_locked(cr, scope, key)
    cr.execute(
        """SELECT status, body, resource_type, resource_id FROM fynlo_idempotency
            WHERE scope = %s AND key = %s""",
        (scope, key),
    )
    found = cr.fetchone()
    if not found:
        return {"key": key, "state": "in_progress", "status": None, "body": None, "resource": None} if working else None
    status, body, resource_type, resource_id = found
    resource = {"type": resource_type, "id": resource_id} if resource_type else None
    return {"key": key, "state": "done", "status": status, "body": json.loads(body), "resource": resource}


def amend(cr, scope, key, status, raw):
    """Give the request a later answer: what it began has come to its end since. Without a record nothing happens."""
    cr.execute(
        "UPDATE fynlo_idempotency SET status = %s, body = %s WHERE scope = %s AND key = %s",
        (status, raw.decode(), scope, key),
    )


def _lock_name(scope, key):
    return f"{scope} {key}"


def _is_locked(cr, scope, key):
    """Whether a transaction holds the key, without touching the lock itself."""
    cr.execute(
        """SELECT EXISTS (SELECT FROM pg_locks, (SELECT hashtextextended(%s, %s) AS number) wanted
                               WHERE locktype = 'advisory' AND granted AND objsubid = 1
                                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                                 AND classid::bigint = (number >> 32) & 4294967295
                                 AND objid::bigint = number & 4294967295)""",
        (_lock_name(scope, key), LOCK_SEED),
    )
    return cr.fetchone()[0]


def record(cr, call, status, raw, resource):
    """Keep the answer under the call's key when the cursor is flushed. Goes with the effect's own commit."""
    closing_statements.add(
        cr,
        RECORD,
        company=call.identity.company_id or None,
        scope=call.identity.scope,
        key=call.idempotency_key,
        route=call.route.name,
        body_hash=call.body_hash,
        status=status,
        body=raw.decode(),
        resource_type=resource[0] if resource else None,
        resource_id=resource[1] if resource else None,
    )
