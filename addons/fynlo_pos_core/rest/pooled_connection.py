"""Connections of Odoo's pool keep their query plans from one request to the next.

psycopg2's ``reset()``, which the pool calls whenever it lends a connection, sends DISCARD ALL. That
also throws the plans away, among them those of every foreign key check, so each request plans them
anew (docs/adr/0012). Here the same is discarded except for plans, which carry no state of a session:
PostgreSQL itself makes a plan anew when a table it uses has changed.

Plans are made for any value, not for each anew: PostgreSQL would make those of a statement that takes a
list again and again, as it cannot know how long the list will be. Only prepared statements are meant.
"""

from odoo.sql_db import PsycoConnection

#: DISCARD ALL without DEALLOCATE ALL and DISCARD PLANS (PostgreSQL manual, "DISCARD"), and the kind of plans we want.
ALL_BUT_PLANS = """CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *;
                   SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES;
                   SET plan_cache_mode = force_generic_plan"""


def reset(connection):
    """Make a connection as new for its next borrower. Raises ``OperationalError`` when it is dead."""
    connection.rollback()
    # while autocommit is off this is told to the server only with the next BEGIN
    connection.set_session(isolation_level="DEFAULT", readonly="DEFAULT", deferrable="DEFAULT")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(ALL_BUT_PLANS)
    connection.autocommit = False


PsycoConnection.reset = reset
