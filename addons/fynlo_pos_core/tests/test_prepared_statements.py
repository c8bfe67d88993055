"""Prepared statements and the connections that keep them."""

from odoo.sql_db import db_connect
from odoo.tests import TransactionCase, tagged
from psycopg2.errors import SerializationFailure

from ..rest import closing_statements, signaling
from ..rest.prepared_statement import PreparedStatement

COUNT_UP = PreparedStatement("SELECT %(number)s + 1, %(word)s", number="int", word="text")
NOTE = PreparedStatement("SELECT set_config('fynlo.note', %(word)s, TRUE)", word="text")
WIDTH = PreparedStatement("SELECT * FROM fynlo_test_width")


@tagged("post_install", "-at_install")
class TestPreparedStatements(TransactionCase):
    def setUp(self):
        super().setUp()
        self.pool_cursor = db_connect(self.env.cr.dbname).cursor

    def _borrow(self):
        cursor = self.pool_cursor()
        self.addCleanup(lambda: cursor.closed or cursor.close())
        return cursor

    def _prepared(self, cursor):
        cursor.execute("SELECT name FROM pg_prepared_statements WHERE name LIKE 'fynlo_%'")
        return {name for (name,) in cursor.fetchall()}

    def test_values_keep_their_types_and_quotes(self):
        cursor = self._borrow()
        for word in ("it's", "50 %", "naïve \\ 🍕", ""):
            COUNT_UP.execute(cursor, number=41, word=word)
            self.assertEqual(cursor.fetchone(), (42, word))

    def test_two_in_one_round_trip_run_in_order(self):
        cursor = self._borrow()
        COUNT_UP.execute(cursor, first=NOTE, number=1, word="a")
        self.assertEqual(cursor.fetchone(), (2, "a"))
        cursor.execute("SELECT current_setting('fynlo.note')")
        self.assertEqual(cursor.fetchone(), ("a",))

    def test_it_is_prepared_once_and_survives_a_rollback(self):
        cursor = self._borrow()
        COUNT_UP.execute(cursor, number=1, word="a")
        names = self._prepared(cursor)
        cursor.rollback()
        COUNT_UP.execute(cursor, number=1, word="a")
        self.assertEqual(self._prepared(cursor), names)

    def test_the_next_borrower_finds_plans_and_nothing_else(self):
        cursor = self._borrow()
        COUNT_UP.execute(cursor, number=1, word="a")
        process, names = cursor.connection.get_backend_pid(), self._prepared(cursor)
        cursor.execute("SET SESSION work_mem = '77MB'; SELECT pg_advisory_lock(77); LISTEN fynlo_test")
        cursor.execute("CREATE TEMP TABLE fynlo_left_over (id int)")
        cursor.commit()
        cursor.close()
        again = self._borrow()
        self.assertEqual(again.connection.get_backend_pid(), process, "the pool lends the same connection")
        self.assertEqual(self._prepared(again), names)
        again.execute("SELECT current_setting('work_mem'), to_regclass('fynlo_left_over')")
        self.assertEqual(again.fetchone()[1], None)
        again.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        self.assertEqual(again.fetchone(), (0,))
        again.execute("SELECT count(*) FROM pg_listening_channels()")
        self.assertEqual(again.fetchone(), (0,))
        again.execute("SELECT current_setting('work_mem') = '77MB'")
        self.assertEqual(again.fetchone(), (False,))

    def test_the_next_borrower_has_odoos_isolation(self):
        cursor = self._borrow()
        cursor.connection.set_isolation_level(1)  # READ COMMITTED, as a write of the API leaves it
        cursor.execute("SELECT 1")
        cursor.close()
        again = self._borrow()
        again.execute("SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')")
        self.assertEqual(again.fetchone(), ("repeatable read", "off"))

    def test_a_changed_table_runs_the_request_again(self):
        cursor = self._borrow()
        cursor.execute("CREATE TEMP TABLE fynlo_test_width AS SELECT 1 AS a")
        WIDTH.execute(cursor)
        cursor.commit()
        cursor.execute("ALTER TABLE fynlo_test_width ADD b int")
        cursor.commit()
        with self.assertRaises(SerializationFailure):
            WIDTH.execute(cursor)
        cursor.rollback()
        WIDTH.execute(cursor)
        self.assertEqual(cursor.fetchone(), (1, None))

    def test_a_borrowed_connection_plans_once_for_any_value(self):
        self._borrow().close()
        cursor = self._borrow()
        cursor.execute("SHOW plan_cache_mode")
        self.assertEqual(cursor.fetchone(), ("force_generic_plan",))

    def test_signals_are_read_as_odoo_reads_them(self):
        cursor = self._borrow()
        cursor.execute("INSERT INTO orm_signaling_templates DEFAULT VALUES RETURNING id")
        (newest,) = cursor.fetchone()
        answer = self.registry.get_sequences(cursor)
        self.assertEqual(answer, signaling._of_odoo(self.registry, cursor))
        self.assertEqual(answer[1]["templates"], newest)

    def test_closing_statements_go_last_together_and_not_after_a_rollback(self):
        cursor = self._borrow()
        closing_statements.add(cursor, NOTE, word="lost")
        cursor.rollback()
        cursor.flush()
        closing_statements.add(cursor, NOTE, word="first; '--")
        cursor.precommit.add(lambda: closing_statements.add(cursor, COUNT_UP, number=1, word="50 %s"))
        before = cursor.sql_log_count
        cursor.flush()
        self.assertEqual(cursor.sql_log_count, before + 1)
        self.assertEqual(cursor.fetchone(), (2, "50 %s"))
        cursor.execute("SELECT current_setting('fynlo.note')")
        self.assertEqual(cursor.fetchone(), ("first; '--",))
