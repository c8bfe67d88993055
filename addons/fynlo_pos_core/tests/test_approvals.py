"""Approvals: who needs one, who may give one, and that one is good for one act."""

from datetime import timedelta

from freezegun import freeze_time
from odoo.tests import TransactionCase, tagged

from ..controllers.approvals import ApprovalQuery, ApprovalShape, DecisionShape
from ..controllers.till_sessions import CashMovementShape
from ..rest import Problem
from ..rest.payload import parse
from ..rest.representation import to_json
from ..tools.clock import now
from ..tools.identifiers import uuid7
from .editing import Editing


class Approving(Editing):
    """Asks for and decides on approvals through the service."""

    def ask(self, action, resource_id, amount, *, identity=None, **values):
        body = {"id": uuid7(), "action": action, "resource_id": resource_id, "amount": self.gbp(amount)}
        wish = parse(ApprovalShape, to_json({**body, "reason": "dropped", **values}))
        return self.env["fynlo.approval.service"]._ask(identity or self.identity(), wish)

    def decide(self, approval, verdict="approved", *, identity=None, **body):
        wish = parse(DecisionShape, to_json(body))
        service = self.env["fynlo.approval.service"]
        return service._decide(identity or self.identity(self.manager), approval["id"], verdict, wish)

    def code_of(self, call):
        """The code with which ``call`` is refused."""
        with self.assertRaises(Problem) as refusal:
            call()
        return refusal.exception.code

    def send_all(self, order):
        """As the kitchen has everything of ``order``."""
        self.row(order).lines.fynlo_sent_quantity = 1
        self.env.flush_all()


@tagged("post_install", "-at_install")
class TestApprovals(Approving, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.supervisor = cls.hire("Sue", "supervisor")

    def setUp(self):
        super().setUp()
        self.till = self.open_till()
        self.order = self.place(self.line(self.menu.pizza), self.line(self.menu.cola))
        self.send_all(self.order)
        self.line_id = self.order["lines"][0]["id"]

    def void(self, approval=None, **values):
        approval_id = approval["id"] if approval else None
        return {"type": "void_line", "line_id": self.line_id, "reason": "dropped", "approval_id": approval_id, **values}

    def approved(self, action="order.void", resource_id=None, amount=1000):
        return self.decide(self.ask(action, resource_id or self.line_id, amount))

    def state_of(self, approval):
        return self.env["fynlo.approval.service"]._read(self.identity(), approval["id"])["state"]

    def test_the_refusal_names_what_to_ask_for(self):
        result = self.operate(self.order, self.void())["results"][0]
        need = {"action": "order.void", "resource_id": self.line_id, "amount": self.gbp(1000)}
        self.assertEqual((result["code"], result["approval"]), ("approval_required", need))

    def test_ask_approve_use(self):
        asked = self.ask("order.void", self.line_id, 1000)
        self.assertEqual((asked["state"], asked["order"]["id"]), ("pending", self.order["id"]))
        self.assertEqual(self.events("till", "approval.requested"), [asked])
        decided = self.decide(asked)
        self.assertEqual((decided["state"], decided["how"]), ("approved", "signed_in"))
        self.assertEqual(self.events("till", "approval.decided"), [decided])
        order = self.edit(self.order, self.void(decided))
        self.assertEqual(order["lines"][0]["void"]["approved_by"], self.manager.name)
        self.assertEqual(self.state_of(asked), "used")

    def test_the_asker_is_told(self):
        decided = self.approved()
        self.env.cr.flush()
        topic = f"e.{self.waiter.fynlo_uuid}"
        told = self.env["fynlo.outbox"].search([("topic", "=", topic), ("type", "=", "approval.decided")])
        self.assertEqual(told.mapped("resource_id"), [decided["id"]])

    def test_it_is_good_for_one_act(self):
        approval, other = self.approved(), self.order["lines"][1]["id"]
        order = self.edit(self.order, self.void(approval, quantity="0.5"))
        self.assertEqual(self.refused(order, self.void(approval)), "approval_unusable")
        twice = self.approved(resource_id=other, amount=300)
        void = self.void(twice, line_id=other, quantity="0.4")
        results = self.operate(order, void, void)["results"]
        self.assertEqual([result["code"] for result in results], [None, "approval_unusable"])

    def test_a_replay_does_not_use_it_again(self):
        void = {**self.void(self.approved()), "op_id": uuid7()}
        order = self.edit(self.order, void)
        again = self.operate(order, void)
        self.assertEqual((again["results"][0]["result"], again["order"]), ("replayed", order))

    def test_a_refused_operation_uses_nothing(self):
        approval = self.approved()
        gone = self.void(approval, line_id=uuid7())
        self.assertEqual(self.refused(self.order, gone), "line_gone")
        self.assertEqual(self.state_of(approval), "approved")
        self.assertEqual(
            self.code_of(lambda: self.operate(self.order, self.void(approval), gone, atomic=True)), "batch_rejected"
        )

    def test_it_fits_only_what_it_was_made_for(self):
        other = self.order["lines"][1]["id"]
        for name, approval in [
            ("other action", self.approved("order.comp")),
            ("other line", self.approved(resource_id=other)),
            ("less", self.approved(amount=999)),
            ("not decided", self.ask("order.void", self.line_id, 1000)),
            ("rejected", self.decide(self.ask("order.void", self.line_id, 1000), "rejected")),
            ("unknown", {"id": uuid7()}),
            (
                "asked by another",
                self.decide(self.ask("order.void", self.line_id, 1000, identity=self.identity(self.cashier))),
            ),
        ]:
            with self.subTest(name):
                self.assertEqual(self.refused(self.order, self.void(approval)), "approval_unusable")

    def test_it_expires(self):
        approval = self.approved()
        asked = self.ask("order.void", self.line_id, 1000)
        identity, manager = self.identity(), self.identity(self.manager)
        with freeze_time(now() + timedelta(minutes=11)):
            self.assertEqual(self.refused(self.order, self.void(approval), identity=identity), "approval_unusable")
            self.assertEqual(self.state_of(approval), "expired")
            self.assertEqual(self.code_of(lambda: self.decide(asked, identity=manager)), "illegal_transition")
            page = self.env["fynlo.approval.service"]._page(identity, ApprovalQuery(state="expired"))
            self.assertEqual({item["id"] for item in page["items"]}, {approval["id"], asked["id"]})
            self.env["fynlo.approval"]._gc_expired()
            self.assertEqual(self.env["fynlo.approval"]._by_uuid(asked["id"]).state, "expired")

    def test_a_pin_decides_on_the_till_that_asked(self):
        asked = self.ask("order.void", self.line_id, 1000)
        pin = {"employee_id": self.manager.fynlo_uuid, "pin": "2468"}
        elsewhere = self.second_till()
        self.assertEqual(self.code_of(lambda: self.decide(asked, identity=elsewhere, **pin)), "permission_denied")
        wrong = {**pin, "pin": "1357"}
        self.assertEqual(
            self.code_of(lambda: self.decide(asked, identity=self.identity(), **wrong)), "credentials_invalid"
        )
        decided = self.decide(asked, identity=self.identity(), **pin)
        self.assertEqual((decided["how"], decided["decided_by"]["name"]), ("pin", self.manager.name))

    def test_wrong_pins_lock(self):
        asked, identity = self.ask("order.void", self.line_id, 1000), self.identity()
        pin = {"employee_id": self.manager.fynlo_uuid, "pin": "1357"}
        codes = []
        for _ in range(6):
            try:  # assertRaises would undo the count, which a lasting refusal keeps
                self.decide(asked, identity=identity, **pin)
            except Problem as problem:
                codes.append(problem.code)
            self.env.flush_all()
        self.assertEqual(codes, ["credentials_invalid"] * 5 + ["sign_in_locked"])
        right = {**pin, "pin": "2468"}
        self.assertEqual(self.code_of(lambda: self.decide(asked, identity=identity, **right)), "sign_in_locked")

    def test_who_may_decide(self):
        dear = self.ask("refund.create", self.order["id"], 1000, identity=self.identity(self.cashier))
        for name, approval, identity in [
            ("no right to decide", self.ask("order.void", self.line_id, 1000), self.identity(self.cashier)),
            ("refunds are for managers", dear, self.identity(self.supervisor)),
            ("own request", self.ask("order.comp", self.line_id, 1, identity=self.identity(self.manager)), None),
        ]:
            with self.subTest(name):
                self.assertEqual(
                    self.code_of(lambda a=approval, i=identity: self.decide(a, identity=i)), "permission_denied"
                )
        self.env["fynlo.approval.policy"].create(
            {"action": "order.void", "role": "supervisor", "needs": "above", "limit_amount": 500}
        )
        asked, supervisor = self.ask("order.void", self.line_id, 1000), self.identity(self.supervisor)
        self.assertEqual(self.code_of(lambda: self.decide(asked, identity=supervisor)), "permission_denied")

    def test_deciding_twice(self):
        asked = self.ask("order.void", self.line_id, 1000)
        decided = self.decide(asked)
        self.assertEqual(self.decide(asked), decided)
        self.assertEqual(len(self.events("till", "approval.decided")), 1)
        self.assertEqual(self.code_of(lambda: self.decide(asked, "rejected")), "illegal_transition")

    def test_bad_requests(self):
        asked = self.ask("order.void", self.line_id, 1000)
        self.assertEqual(self.code_of(lambda: self.ask("order.void", self.line_id, 1, id=asked["id"])), "id_taken")
        self.assertEqual(self.code_of(lambda: self.ask("order.void", uuid7(), 1)), "unknown_item")
        for body in ({"action": "order.eat"}, {"amount": {"amount": -1, "currency": "GBP"}}, {"reason": ""}):
            with self.subTest(body):
                self.assertEqual(
                    self.code_of(
                        lambda b=body: self.ask(
                            **{"action": "order.void", "resource_id": self.line_id, "amount": 1} | b
                        )
                    ),
                    "validation_failed",
                )

    # --- policy --------------------------------------------------------------------------

    def test_a_policy_sets_the_amount_from_which_approval_is_needed(self):
        rule = self.env["fynlo.approval.policy"].search(
            [("company_id", "=", self.company.id), ("action", "=", "order.void"), ("role", "=", "cashier")]
        )
        self.assertEqual((rule.needs, rule.limit_amount), ("above", 5000))
        rule.limit_amount = 999
        cashier = self.identity(self.cashier)
        self.assertEqual(self.refused(self.order, self.void(), identity=cashier), "approval_required")
        rule.limit_amount = 1000
        self.edit(self.order, self.void(), identity=self.identity(self.cashier))

    def test_a_rule_of_the_location_goes_first(self):
        self.env["fynlo.approval.policy"].create(
            {"action": "order.void", "role": "server", "needs": "never", "config_id": self.location.id}
        )
        order = self.edit(self.order, self.void(), identity=self.identity())
        self.assertEqual(order["lines"][0]["state"], "voided")

    def test_a_comp_and_a_large_discount(self):
        comp = {"type": "comp_line", "line_id": self.line_id, "reason": "birthday"}
        approval = self.approved("order.comp")
        order = self.edit(self.order, {**comp, "approval_id": approval["id"]})
        self.assertEqual(order["totals"]["total"]["amount"], 300)
        half = self._discount(self.company, "Half", kind="percent", value_bp=5000, scope="order")
        self.env.flush_all()
        order = self.place(self.line(self.menu.pizza))
        given = {"type": "apply_discount", "discount": {"id": uuid7(), "discount_id": half.fynlo_uuid}}
        cashier = self.identity(self.cashier)
        result = self.operate(order, given, identity=cashier)["results"][0]
        self.assertEqual((result["code"], result["approval"]["action"]), ("approval_required", "discount.override"))
        ask = self.ask("discount.override", order["id"], result["approval"]["amount"]["amount"], identity=cashier)
        self.edit(order, {**given, "approval_id": self.decide(ask)["id"]}, identity=cashier)

    def test_cancelling_what_the_kitchen_has(self):
        orders = self.env["fynlo.order.service"]
        self.assertEqual(
            self.code_of(lambda: orders._cancel(self.identity(), self.order["id"], "left")), "approval_required"
        )
        approval = self.approved("order.cancel", self.order["id"], 1300)
        done = orders._cancel(self.identity(), self.order["id"], "left", approval["id"])
        self.assertEqual((done["state"], self.state_of(approval)), ("cancelled", "used"))

    def test_opening_the_drawer(self):
        service, session = self.env["fynlo.till.session.service"], self.till["id"]

        def open_drawer(approval_id=None, employee=None):
            body = {"id": uuid7(), "kind": "no_sale", "reason": "change", "approval_id": approval_id}
            return service._move_cash(self.identity(employee), session, parse(CashMovementShape, to_json(body)))

        self.assertEqual(self.code_of(open_drawer), "approval_required")
        open_drawer(self.approved("drawer.open", session, 0)["id"])
        open_drawer(employee=self.cashier)

    # --- reopening -----------------------------------------------------------------------

    def test_a_cancelled_order_is_reopened(self):
        orders = self.env["fynlo.order.service"]
        cancelled = orders._cancel(self.identity(self.cashier), self.order["id"], "left")
        self.assertEqual(
            self.code_of(lambda: orders._reopen(self.identity(), self.order["id"], "mistake")), "approval_required"
        )
        approval = self.approved("order.reopen", self.order["id"], 1300)
        order = orders._reopen(self.identity(), self.order["id"], "mistake", approval["id"])
        self.assertEqual((order["state"], order["fulfilment"]), ("open", "new"))
        self.assertEqual({line["sent_quantity"] for line in order["lines"]}, {"0"})
        self.assertEqual(order["version"], cancelled["version"] + 1)
        self.env.invalidate_all()
        self.assertEqual(orders._document(self.identity(), order["id"]), order)
        self.edit(order, {"type": "set_guests", "guests": 3})
        self.assertEqual(
            self.code_of(lambda: orders._reopen(self.identity(self.manager), order["id"], "x")), "illegal_transition"
        )

    def test_not_once_its_till_is_closed(self):
        orders = self.env["fynlo.order.service"]
        orders._cancel(self.identity(self.cashier), self.order["id"], "left")
        session = self.env["pos.session"].search([("fynlo_uuid", "=", self.till["id"])])
        session.state = "closing_control"
        self.env.flush_all()
        self.assertEqual(
            self.code_of(lambda: orders._reopen(self.identity(self.manager), self.order["id"], "x")), "no_open_session"
        )

    # --- lists ---------------------------------------------------------------------------

    def test_reasons_are_listed_by_kind(self):
        reasons = self.env["fynlo.reason"]._list(self.identity(), "void")["items"]
        self.assertIn("Wrong item", [reason["name"] for reason in reasons])
        self.assertEqual({reason["kind"] for reason in reasons}, {"void"})

    def test_the_log_of_what_was_given_away(self):
        comp = {"type": "comp_line", "line_id": self.order["lines"][1]["id"], "reason": "birthday"}
        self.edit(self.order, self.void(), comp, identity=self.identity(self.manager))
        rows = self.env["fynlo.giveaway"].search([("company_id", "=", self.company.id)])
        seen = {(row.kind, row.reason, row.amount, row.employee_id, row.number) for row in rows}
        number = self.order["number"]
        self.assertEqual(
            seen,
            {("void", "dropped", 10.0, self.manager, number), ("comp", "birthday", 3.0, self.manager, number)},
        )
        groups = self.env["fynlo.giveaway"]._read_group(
            [("company_id", "=", self.company.id)], ["reason"], ["amount:sum"]
        )
        self.assertEqual(sorted(groups), [("birthday", 3.0), ("dropped", 10.0)])
