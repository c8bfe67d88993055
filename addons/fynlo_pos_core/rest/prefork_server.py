"""Odoo's master process outlives its database, and lets a rush wait in line instead of losing it.

As Odoo has it, a worker that ends while PostgreSQL is away takes the master and every other worker with it, because
the master reads the registry's state before it replaces anybody; then nobody answers at all until Odoo has loaded
everything again. Workers without a database answer with ``unavailable`` within milliseconds.

And its socket queues eight connections a worker. What is beyond is not refused: the kernel drops the last packet of
the handshake, so the till believes that it is connected, and may be cut off without an answer two seconds later.
"""

import logging

import psycopg2
from odoo.service.server import PreforkServer
from psycopg2.pool import PoolError

_logger = logging.getLogger(__name__)

#: Requests that may wait for a worker; the kernel's own limit (net.core.somaxconn) holds as well.
QUEUE = 1024

_start, _process_spawn = PreforkServer.start, PreforkServer.process_spawn


def start(server):
    """Begin to listen, with room for a rush."""
    _start(server)
    if server.socket:
        server.socket.listen(QUEUE)


def process_spawn(server):
    """Replace workers that ended; while the database is away later, at one of the next beats."""
    try:
        _process_spawn(server)
    except (psycopg2.OperationalError, psycopg2.InterfaceError, PoolError) as away:
        _logger.warning("No worker is replaced while the database is away: %s", str(away).strip())


PreforkServer.start = start
PreforkServer.process_spawn = process_spawn
