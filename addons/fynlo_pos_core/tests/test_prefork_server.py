"""What Odoo's master does while its database is away, and how many tills may wait in line."""

import socket
from types import SimpleNamespace
from unittest.mock import patch

import psycopg2
from odoo.service.server import PreforkServer
from odoo.tests import BaseCase, tagged
from psycopg2.pool import PoolError

from ..rest import prefork_server

MODULE = "odoo.addons.fynlo_pos_core.rest.prefork_server"


@tagged("post_install", "-at_install")
class TestPreforkServer(BaseCase):
    def test_it_is_what_odoo_runs(self):
        self.assertIs(PreforkServer.start, prefork_server.start)
        self.assertIs(PreforkServer.process_spawn, prefork_server.process_spawn)

    def test_a_database_that_is_away_ends_nothing(self):
        for away in (psycopg2.OperationalError("refused"), psycopg2.InterfaceError("closed"), PoolError("full")):
            with (
                patch(f"{MODULE}._process_spawn", side_effect=away) as spawn,
                self.assertLogs(MODULE, "WARNING"),
            ):
                prefork_server.process_spawn(SimpleNamespace())
            spawn.assert_called_once()

    def test_any_other_failure_is_odoos_business(self):
        with patch(f"{MODULE}._process_spawn", side_effect=RuntimeError("fork")), self.assertRaises(RuntimeError):
            prefork_server.process_spawn(SimpleNamespace())

    def test_a_rush_waits_in_line(self):
        """As many connections as a rush brings are completed, though nobody accepts one of them."""
        rush = 200
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.bind(("127.0.0.1", 0))

        def start_as_odoo_does(server):
            server.socket = listener
            listener.listen(16)

        with patch(f"{MODULE}._start", start_as_odoo_does):
            prefork_server.start(SimpleNamespace(socket=None))
        connections = [socket.create_connection(listener.getsockname(), timeout=5) for _number in range(rush)]
        for connection in connections:
            self.addCleanup(connection.close)
        self.assertEqual(len({connection.getsockname() for connection in connections}), rush)

    def test_a_server_without_http_has_nothing_to_listen_on(self):
        server = SimpleNamespace(socket=None)
        with patch(f"{MODULE}._start", lambda _server: None):
            prefork_server.start(server)
        self.assertIsNone(server.socket)
