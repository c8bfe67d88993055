"""The relay's statements stay quick on any number of rows only with the indexes that they walk over."""

from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestOutboxIndexes(TransactionCase):
    def test_what_the_relay_walks_over_is_indexed(self):
        self.env.cr.execute(
            """SELECT regexp_replace(indexdef, '.* USING ', '') FROM pg_indexes
                WHERE tablename = 'fynlo_outbox' AND schemaname = current_schema"""
        )
        indexes = {row[0] for row in self.env.cr.fetchall()}
        for wanted in (
            "btree (id) WHERE (topic_offset IS NULL)",  # what is to be numbered
            "btree (created_at)",  # what is to be deleted
            "btree (topic, topic_offset)",  # what Redis lacks
            "btree (company_id, seq)",  # where a company's feed begins
        ):
            self.assertIn(wanted, indexes)
