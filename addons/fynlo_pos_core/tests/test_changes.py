"""The change feed over real HTTP: in order, without gaps, only what one may see."""

from odoo.tests import tagged

from ..tools.identifiers import uuid7
from .common import ApiCase


@tagged("post_install", "-at_install")
class TestChanges(ApiCase):
    def setUp(self):
        super().setUp()
        self.token = self.sign_in("server")
        self.env.cr.flush()
        self.env.cr.execute("SELECT coalesce(max(seq), 0) FROM fynlo_outbox WHERE company_id = %s", (self.company.id,))
        self.base = self.env.cr.fetchone()[0]

    def happen(self, *topics, company=None):
        """Events as the relay leaves them: numbered in their company's feed."""
        company = company or self.company
        for number, topic in enumerate(topics, 1):
            self.env.cr.execute(
                """INSERT INTO fynlo_outbox (company_id, topic, type, event_id, resource_id, payload, seq, topic_offset)
                   VALUES (%s, %s, 'order.updated', %s, %s, '{"n": 1}', %s, %s)""",
                (company.id, topic, uuid7(), uuid7(), self.base + number, 1_000_000 + number),
            )
        self.env.cr.execute(
            """INSERT INTO fynlo_feed (company_id, last_seq) VALUES (%s, %s)
               ON CONFLICT (company_id) DO UPDATE SET last_seq = excluded.last_seq""",
            (company.id, self.base + len(topics)),
        )

    def orders(self, location=None):
        return f"l.{(location or self.location).fynlo_uuid}.orders"

    def seqs(self, answer):
        return [item["seq"] - self.base for item in answer["items"]]

    def test_pages_in_order(self):
        self.happen(*[self.orders()] * 5)
        first = self.api("GET", f"/changes?after={self.base}&limit=3", token=self.token).json()
        self.assertEqual((self.seqs(first), first["has_more"]), ([1, 2, 3], True))
        rest = self.api("GET", f"/changes?after={first['last_seq']}&limit=3", token=self.token).json()
        self.assertEqual((self.seqs(rest), rest["has_more"], rest["last_seq"]), ([4, 5], False, self.base + 5))
        self.assertEqual(rest["items"][0]["data"], {"n": 1})

    def test_only_what_the_caller_may_see(self):
        self.happen(self.orders(), self.orders(self.other_location), f"c.{self.company.fynlo_uuid}.dashboard", "d.x")
        seen = self.api("GET", f"/changes?after={self.base}", token=self.token).json()
        self.assertEqual((self.seqs(seen), seen["last_seq"]), ([1], self.base + 4))
        boss = self.api("GET", f"/changes?after={self.base}", token=self.sign_in("owner")).json()
        self.assertEqual(self.seqs(boss), [1, 3])

    def test_another_company_sees_nothing_of_it(self):
        _company, location = self.make_company("Elsewhere", chart=None)
        self.happen(self.orders())
        answer = self.api("GET", "/changes?after=0", token=self.sign_in("server", location))
        self.assertEqual(answer.json(), {"items": [], "last_seq": 0, "has_more": False})

    def test_the_present_end(self):
        self.happen(self.orders(), self.orders())
        answer = self.api("GET", "/changes?after=latest", token=self.token).json()
        self.assertEqual(answer, {"items": [], "last_seq": self.base + 2, "has_more": False})

    def test_a_place_that_is_gone_or_never_was(self):
        self.happen(self.orders(), self.orders(), self.orders())
        future = self.api("GET", f"/changes?after={self.base + 9}", token=self.token)
        self.assertEqual(self.assertProblem(future, "resync_required", 410)["last_seq"], self.base + 3)
        self.env.cr.execute(
            "DELETE FROM fynlo_outbox WHERE company_id = %s AND seq <= %s", (self.company.id, self.base + 2)
        )
        gone = self.api("GET", f"/changes?after={self.base + 1}", token=self.token)
        self.assertProblem(gone, "resync_required", 410)
        kept = self.api("GET", f"/changes?after={self.base + 2}", token=self.token).json()
        self.assertEqual(self.seqs(kept), [3])

    def test_a_change_that_nobody_can_read_holds_up_nobody(self):
        self.happen(self.orders(), self.orders(), self.orders())
        self.env.cr.execute(
            "UPDATE fynlo_outbox SET payload = '{' WHERE company_id = %s AND seq = %s", (self.company.id, self.base + 2)
        )
        answer = self.api("GET", f"/changes?after={self.base}", token=self.token).json()
        self.assertEqual([item["data"] for item in answer["items"]], [{"n": 1}, None, {"n": 1}])

    def test_refusals(self):
        self.assertProblem(self.api("GET", "/changes?after=0"), "token_missing", 401)
        for query in ("", "?after=-1", "?after=x", "?after=0&limit=0", "?after=0&limit=501"):
            with self.subTest(query):
                self.assertProblem(self.api("GET", f"/changes{query}", token=self.token), "validation_failed", 422)
