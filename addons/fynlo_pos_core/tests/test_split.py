"""Splitting bills: who gets which line, to the penny, and with everything that belongs to it."""

from odoo.tests import TransactionCase, tagged

from ..controllers.table_shapes import SplitView
from ..rest import Problem
from ..tools.identifiers import uuid7
from .floor import Floor


@tagged("post_install", "-at_install")
class TestSplit(Floor, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()
        cls.open_floor(8)

    def setUp(self):
        super().setUp()
        self.open_till()

    def party(self, **values):
        """An order of a table with a pizza for each of two seats and three colas to share."""
        return self.place(
            self.line(self.menu.pizza, seat=1),
            self.line(self.menu.pizza, seat=2, note="no basil"),
            self.line(self.menu.cola, "3"),
            table_id=self.table.fynlo_uuid,
            guests=4,
            **values,
        )

    def refusal(self, order, **wish):
        """The code with which a split is refused; the order stays as it was."""
        before = self.stored(order)
        with self.assertRaises(Problem) as caught, self.env.cr.savepoint():
            self.split(order, **wish)
        self.assertEqual(self.stored(order), before)
        return caught.exception.code

    def test_lines_go_with_their_ids(self):
        order = self.party()
        pizza = order["lines"][1]
        rest, part = self.split_off(order, pizza, guests=1)
        self.assertEqual([line["id"] for line in part["lines"]], [pizza["id"]])
        self.assertEqual(part["lines"][0], pizza)
        self.assertEqual([line["id"] for line in rest["lines"]], [order["lines"][0]["id"], order["lines"][2]["id"]])
        self.assertEqual((self.total(rest), self.total(part)), (1900, 1000))
        self.assertEqual((rest["guests"], part["guests"], part["table"]), (3, 1, order["table"]))
        self.assertEqual(part["split_from"], {"id": order["id"], "number": order["number"]})
        self.assertEqual((self.stored(rest), self.stored(part)), (rest, part))

    def test_part_of_a_quantity_becomes_a_line_of_its_own(self):
        order = self.party()
        cola, new_id = order["lines"][2], uuid7()
        wish = {"id": uuid7(), "lines": [{"line_id": cola["id"], "quantity": "2", "id": new_id}]}
        split = self.split(order, by="item", orders=[wish])
        SplitView.model_validate(split)
        part = split["orders"][0]
        self.assertEqual([(line["id"], line["quantity"]) for line in part["lines"]], [(new_id, "2")])
        self.assertEqual(split["order"]["lines"][2]["quantity"], "1")
        self.assertEqual((split["difference"]["amount"], self.total(split["order"], part)), (0, self.total(order)))
        self.assertEqual(self.stored(part), part)

    def test_by_seat(self):
        order = self.party()
        split = self.split(
            order, by="seat", orders=[{"id": uuid7(), "seats": [1]}, {"id": uuid7(), "seats": [2], "guests": 2}]
        )
        self.assertEqual([part["lines"][0]["seat"] for part in split["orders"]], [1, 2])
        self.assertEqual([part["guests"] for part in split["orders"]], [1, 2])
        self.assertEqual([line["quantity"] for line in split["order"]["lines"]], ["3"])
        self.assertEqual(split["order"]["guests"], 1)

    def test_numbers_have_no_gap_and_every_order_is_odoos_too(self):
        order = self.party()
        rest, part = self.split_off(order, order["lines"][0])
        self.assertEqual(part["number"], "T1-000002")
        self.assertEqual(self.place(self.line(self.menu.cola))["number"], "T1-000003")
        for document in (rest, part):
            row = self.row(document)
            for line in row.lines:
                fresh = line._compute_amount_line_all()
                self.assertEqual(line.price_subtotal_incl, fresh["price_subtotal_incl"])
            given = (row.amount_total, row.amount_tax)
            row._compute_prices()
            self.assertEqual(given, (row.amount_total, row.amount_tax))

    def test_discounts_are_shared_to_the_penny(self):
        order = self.place(
            self.line(self.menu.cola, "3"),
            self.line(self.menu.cookie, "3"),
            self.line(self.menu.pizza),
            discounts=[{"id": uuid7(), "discount_id": self.odd.fynlo_uuid}],
            identity=self.identity(self.manager),
        )
        rest, part = self.split_off(order, order["lines"][1], (order["lines"][0], "1"))
        self.assertEqual(self.total(rest, part), self.total(order))
        amounts = [bill["discounts"][0]["amount"]["amount"] for bill in (rest, part)]
        self.assertEqual(sum(amounts), order["discounts"][0]["amount"]["amount"])
        more = self.edit(part, {"type": "add_line", "line": self.line(self.menu.pizza)})
        self.assertEqual(more["discounts"][0]["amount"]["amount"] - amounts[1], 333)

    @property
    def odd(self):
        """A third off, the kind of discount that never comes out even."""
        return self._discount(self.company, "A third", kind="percent", value_bp=3333, scope="order")

    def test_a_discount_of_a_line_that_is_cut_is_cut_too(self):
        order = self.party()
        cola = order["lines"][2]
        order = self.edit(
            order,
            {
                "type": "apply_discount",
                "discount": {"id": uuid7(), "discount_id": self.pound.fynlo_uuid, "line_id": cola["id"]},
            },
            identity=self.identity(self.manager),
        )
        rest, part = self.split_off(order, (cola, "1"))
        self.assertEqual([d["amount"]["amount"] for bill in (rest, part) for d in bill["discounts"]], [67, 33])
        self.assertEqual(part["discounts"][0]["line_id"], part["lines"][0]["id"])
        self.assertEqual(self.total(rest, part), self.total(order))

    def test_what_was_given_away_stays_given(self):
        order = self.party()
        comp = {"type": "comp_line", "line_id": order["lines"][2]["id"], "reason": "waited"}
        order = self.edit(order, comp, identity=self.identity(self.manager))
        rest, part = self.split_off(order, (order["lines"][2], "2"))
        self.assertEqual((part["lines"][0]["total"]["amount"], self.total(rest)), (0, 2000))

    def test_every_bill_of_a_large_party_owes_the_service_charge(self):
        product = self.product("Service", 0, self.menu.pizza.taxes_id, type="service", available_in_pos=False)
        self.location.write(
            {
                "fynlo_service_product_id": product.id,
                "fynlo_service_charge_bp": 1250,
                "fynlo_service_charge_guests": 4,
            }
        )
        self.env.flush_all()
        order = self.party()
        self.assertEqual(order["service_charge"]["amount"], 363)
        rest, part = self.split_off(order, order["lines"][0], (order["lines"][2], "1"), guests=2)
        self.assertEqual([bill["service_charge"]["amount"] for bill in (rest, part)], [200, 163])
        self.assertEqual(self.total(rest, part), self.total(order))
        fewer = self.edit(rest, {"type": "set_guests", "guests": 3})
        self.assertEqual(fewer["service_charge"]["amount"], 0)

    def test_the_kitchen_keeps_its_tickets(self):
        order = self.party()
        self.send(order)
        order = self.edit(
            self.stored(order), {"type": "change_quantity", "line_id": order["lines"][2]["id"], "delta": "1"}
        )
        ticket = self.tickets(order)
        rest, part = self.split_off(order, order["lines"][1], (order["lines"][2], "2"))
        sent = {line["id"]: line["sent_quantity"] for line in rest["lines"] + part["lines"]}
        self.assertEqual(list(sent.values()), ["1", "1", "1", "2"])
        twin = self.tickets(part)
        self.assertEqual((twin.number, twin.state, self.tickets(rest)), (ticket.number, "new", ticket))
        self.assertEqual(
            {line.leaf_uuid: line.quantity for line in ticket.line_ids | twin.line_ids},
            {uuid: float(quantity) for uuid, quantity in sent.items()},
        )
        self.assertEqual((rest["fulfilment"], part["fulfilment"]), ("sent", "sent"))
        self.assertFalse(self.events("kitchen", "kitchen.ticket.created")[1:])
        self.assertEqual(self.send(part)["tickets"], [])
        self.assertEqual([t["lines"][0]["quantity"] for t in self.send(rest)["tickets"]], ["1"])

    def test_a_void_after_the_split_reaches_the_right_ticket(self):
        order = self.party()
        self.send(order)
        _rest, part = self.split_off(self.stored(order), (order["lines"][2], "2"))
        void = {"type": "void_line", "line_id": part["lines"][0]["id"], "reason": "spilt"}
        self.edit(part, void, identity=self.identity(self.manager))
        self.assertEqual(self.tickets(part).filtered(lambda t: t.kind == "order").state, "cancelled")
        self.assertEqual(sum(self.tickets(order).line_ids.mapped("voided_quantity")), 0)

    def test_refusals(self):
        order = self.party()
        line = order["lines"][2]["id"]
        part = lambda *lines: [{"id": uuid7(), "lines": list(lines)}]  # noqa: E731
        everything = part(*({"line_id": one["id"]} for one in order["lines"]))
        self.assertEqual(self.refusal(order, by="item", orders=everything), "nothing_left")
        self.assertEqual(self.refusal(order, by="item", orders=part({"line_id": uuid7()})), "line_gone")
        for quantity in ("0", "-1", "4"):
            wish = part({"line_id": line, "quantity": quantity})
            self.assertEqual(self.refusal(order, by="item", orders=wish), "quantity_below_zero")
        self.assertEqual(self.refusal(order, by="seat", orders=[{"id": uuid7(), "seats": [9]}]), "unknown_item")
        taken = [{"id": order["id"], "lines": [{"line_id": line}]}]
        self.assertEqual(self.refusal(order, by="item", orders=taken), "id_taken")
        again = part({"line_id": line, "quantity": "1", "id": order["lines"][0]["id"]})
        self.assertEqual(self.refusal(order, by="item", orders=again), "id_taken")
        self.assertEqual(self.refusal(order, by="item", orders=part({"line_id": line}) * 2), "validation_failed")

    def test_splitting_twice_under_the_same_ids_splits_once(self):
        order = self.party()
        wish = {"by": "item", "orders": [{"id": uuid7(), "lines": [{"line_id": order["lines"][0]["id"]}]}]}
        first = self.split(order, **wish)
        self.assertEqual(self.split(order, **wish), first)

    def test_a_closed_order_is_not_split(self):
        order = self.party()
        self.env["fynlo.order.service"]._cancel(self.identity(self.cashier), order["id"], "left")
        wish = [{"id": uuid7(), "lines": [{"line_id": order["lines"][0]["id"]}]}]
        self.assertEqual(self.refusal(order, by="item", orders=wish), "order_closed")

    def test_edits_of_a_line_that_went_elsewhere_are_refused(self):
        order = self.party()
        rest, part = self.split_off(order, order["lines"][1])
        edit = {"type": "set_note", "line_id": order["lines"][1]["id"], "note": "hot"}
        self.assertEqual(self.refused(rest, edit), "line_gone")
        self.assertEqual(self.edit(part, edit)["lines"][0]["note"], "hot")

    def test_combos_are_cut_with_their_parts(self):
        pizza, drink = self.menu.combo.combo_ids.sorted(lambda choice: choice.combo_item_ids.extra_price)
        meal = [
            {"choice_id": pizza.fynlo_uuid, "variant_id": self.menu.pizza.fynlo_uuid},
            {"choice_id": drink.fynlo_uuid, "variant_id": self.menu.cola.fynlo_uuid},
        ]
        order = self.place(self.line(self.menu.combo, "2", combo=meal), self.line(self.menu.cola))
        rest, part = self.split_off(order, (order["lines"][0], "1"))
        self.assertEqual(len(part["lines"][0]["combo"]), 2)
        self.assertEqual(self.stored(part), part)
        whole = self.split_off(rest, rest["lines"][0])[1]
        self.assertEqual((self.total(part), self.total(whole)), (1150, 1150))
        self.assertEqual(len(self.row(whole).lines), 3)


@tagged("post_install", "-at_install")
class TestShares(Floor, TransactionCase):
    """Sharing a bill without cutting its lines. Paying shares is tested where payments are."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open_shop()

    def setUp(self):
        super().setUp()
        self.open_till()
        self.order = self.place(self.line(self.menu.pizza))

    def dues(self, order):
        return [share["due"]["amount"] for share in order["split"]["shares"]]

    def test_evenly_to_the_penny_also_after_edits(self):
        ids = [uuid7() for _ in range(3)]
        order = self.split(self.order, by="even", share_ids=ids)["order"]
        self.assertEqual([share["id"] for share in order["split"]["shares"]], ids)
        self.assertEqual(self.dues(order), [334, 333, 333])
        self.assertEqual(self.stored(order), order)
        order = self.edit(order, {"type": "add_line", "line": self.line(self.menu.cola)})
        self.assertEqual(self.dues(order), [434, 433, 433])

    def test_by_amounts_with_a_rest(self):
        shares = [{"id": uuid7(), "amount": self.gbp(700)}, {"id": uuid7()}]
        order = self.split(self.order, by="amount", shares=shares)["order"]
        self.assertEqual((order["split"]["kind"], self.dues(order)), ("amount", [700, 300]))

    def test_amounts_that_do_not_add_up(self):
        for amounts in ([500, 499], [1000, None], [1001, None], [None, None], [0, None], [-5, None]):
            shares = [{"id": uuid7(), **({"amount": self.gbp(one)} if one is not None else {})} for one in amounts]
            with self.subTest(amounts), self.assertRaises(Problem) as caught:
                self.split(self.order, by="amount", shares=shares)
            self.assertEqual(caught.exception.code, "validation_failed")

    def test_sharing_alike_again_changes_nothing_and_whole_ends_it(self):
        ids = [uuid7(), uuid7()]
        order = self.split(self.order, by="even", share_ids=ids)["order"]
        self.assertEqual(self.split(order, by="even", share_ids=ids)["order"], order)
        self.assertIsNone(self.split(order, by="whole")["order"]["split"])
