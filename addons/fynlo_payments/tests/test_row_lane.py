"""Orders written in one statement leave what the ORM would leave, column by column, and give way when it has a say."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo import api
from odoo.addons.fynlo_pos_core.models.orders import order_rows, row_lane
from odoo.addons.fynlo_pos_core.models.orders.row_lane import surprises
from odoo.addons.fynlo_pos_core.tests.editing import Editing
from odoo.addons.fynlo_pos_core.tools.identifiers import uuid7
from odoo.tests import tagged

from .trading_day import TradingDay

#: Differ from run to run, whoever writes.
OWN = {"access_token", "create_date", "write_date", "date_order", "payment_date"}
OWN |= {"fynlo_client_created_at", "fynlo_payment_id"}
TABLES = {
    "orders": "SELECT to_jsonb(o) FROM pos_order o WHERE o.config_id = %(location)s ORDER BY o.id",
    "lines": """SELECT to_jsonb(l) || jsonb_build_object('taxes', ARRAY(
                       SELECT account_tax_id FROM account_tax_pos_order_line_rel
                        WHERE pos_order_line_id = l.id ORDER BY 1))
                  FROM pos_order_line l JOIN pos_order o ON o.id = l.order_id
                 WHERE o.config_id = %(location)s ORDER BY l.id""",
    "payments": """SELECT to_jsonb(p) FROM pos_payment p JOIN pos_order o ON o.id = p.pos_order_id
                    WHERE o.config_id = %(location)s ORDER BY p.id""",
}


class Undone(Exception):
    """Takes back what was tried."""


class Lanes(Editing, TradingDay):
    @contextmanager
    def through_the_orm(self):
        with patch.object(order_rows, "surprises", lambda env: ("a test",)):
            yield

    @contextmanager
    def one_statement(self):
        def refuse(*_args):
            raise AssertionError("went through the ORM")

        with patch.object(order_rows, "OrmRows", refuse):
            yield


@tagged("post_install", "-at_install")
class TestRowLane(Lanes):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.location.write(
            {"iface_tipproduct": True, "tip_product_id": cls.product("Tip", 0, cls.env["account.tax"]).id}
        )
        service = cls.product("Service", 0.0, cls.env["account.tax"], type="service", available_in_pos=False)
        cls.location.write({"fynlo_service_product_id": service.id, "fynlo_service_charge_bp": 1250})
        cls.env.cr.flush()

    def setUp(self):
        super().setUp()
        cheese = {"modifier_id": self.extras.modifier_ids[0].fynlo_uuid, "quantity": 2}
        choices = [
            {"choice_id": choice.fynlo_uuid, "variant_id": choice.combo_item_ids.product_id.fynlo_uuid}
            for choice in self.menu.combo.combo_ids
        ]
        self.bodies = {
            "pizza": self.line(self.menu.pizza, "2", modifiers=[cheese], note='قهوة 🍕 "sharp" \\ 100 %', seat=2),
            "cookie": self.line(self.menu.cookie, "1.5", course=2),
            "combo": self.line(self.menu.combo, combo=choices),
            "cola": self.line(self.menu.cola, "3"),
        }
        self.ids = [uuid7() for _ in range(8)]

    def story(self):
        """What a till can do to the rows of an order: made, edited, retaxed, voided, tipped, paid with change, cancelled."""
        manager, body = self.identity(self.manager), self.bodies
        ten = {"id": self.ids[0], "discount_id": self.tenth.fynlo_uuid}
        order = self.place_as(
            self.ids[1], body["pizza"], body["cookie"], discounts=[ten], guests=3, note="window", identity=manager
        )
        line = order["lines"][0]["id"]
        order = self.edit(order, {"type": "add_line", "line": body["combo"]}, {"type": "set_note", "note": ""})
        order = self.edit(order, {"type": "add_line", "line": body["cola"]}, identity=manager)
        order = self.edit(order, {"type": "change_quantity", "line_id": line, "delta": "-1"})
        order = self.edit(order, {"type": "set_preset", "preset_id": self.takeaway.fynlo_uuid})
        order = self.edit(
            order, {"type": "void_line", "line_id": body["cola"]["id"], "reason": "dropped"}, identity=manager
        )
        order = self.edit(order, {"type": "set_tip", "tip": self.gbp(250)})
        due = order["totals"]["due"]["amount"]
        order = self.pay(order, 500, id=self.ids[2])["order"]
        order = self.pay(order, due - 500, id=self.ids[3], tendered=due, tip=self.gbp(100), complete=True)["order"]
        left = self.place_as(
            self.ids[4], self.line(self.menu.cookie) | {"id": self.ids[5]}, table_id=self.table.fynlo_uuid
        )
        self.env["fynlo.order.service"]._cancel(manager, left["id"], "left")
        return order

    def place_as(self, order_id, *lines, **values):
        return self.place(*lines, **{**values, "id": order_id})

    def order_body(self, *lines, **values):
        return {**super().order_body(*lines), **values}

    def rows(self, lane):
        """Every column of every row of the story, with ids replaced by their places; all is undone."""
        found = {}
        try:
            with self.env.cr.savepoint(), lane():
                self.story()
                self.env.flush_all()
                self.env.cr.flush()
                for name, query in TABLES.items():
                    self.env.cr.execute(query, {"location": self.location.id})
                    found[name] = [row for (row,) in self.env.cr.fetchall()]
                raise Undone
        except Undone:
            self.env.invalidate_all()
        return _comparable(found)

    def test_both_ways_leave_the_same_rows(self):
        by_orm, direct = self.rows(self.through_the_orm), self.rows(self.one_statement)
        self.assertEqual({name: len(rows) for name, rows in direct.items()}, {"orders": 2, "lines": 10, "payments": 3})
        for name, rows in by_orm.items():
            for place, row in enumerate(rows):
                self.assertEqual(direct[name][place], row, f"{name}, row {place}")

    def test_nothing_stands_in_the_way_here(self):
        self.assertEqual(surprises(self.env), ())

    def test_the_orm_sees_what_was_written_past_it(self):
        order = self.place(self.bodies["pizza"])
        row = self.row(order)
        self.assertEqual((row.amount_total, row.lines[0].qty, row.session_id.order_ids), (25.88, 2, row))
        self.edit(order, {"type": "change_quantity", "line_id": order["lines"][0]["id"], "delta": "1"})
        self.assertEqual((row.lines[0].qty, row.fynlo_version), (3, 2))

    def test_a_later_version_is_not_overwritten(self):
        order = self.place(self.bodies["pizza"], self.bodies["cookie"])
        facts = self.env["fynlo.order.service"]._facts(self.identity())
        held = self.env["fynlo.order.rows"]._lock(order["id"], facts)
        self.edit(order, {"type": "change_quantity", "line_id": order["lines"][0]["id"], "delta": "1"})
        held.lines[0].dirty = True
        lane = self.env["fynlo.order.rows"]._lane(held, self.identity(), facts)
        changed = [{"id": held.lines[0].row_id, "qty": 99.0}]
        self.assertIs(lane.update_order(held, {"amount_total": 1.0}, changed, []), False)
        self.env.invalidate_all()
        self.assertEqual((self.row(order).lines[0].qty, self.row(order).fynlo_version), (3, 2))

    def test_a_location_that_tracks_edits_goes_through_the_orm(self):
        self.location.order_edit_tracking = True
        self.env.cr.flush()
        order = self.place(self.bodies["pizza"])
        with self.assertRaisesRegex(AssertionError, "through the ORM"), self.one_statement():
            self.edit(order, {"type": "change_quantity", "line_id": order["lines"][0]["id"], "delta": "-1"})


@tagged("post_install", "-at_install")
class TestSurprises(Lanes):
    """What an addon may do to the models, each seen and named."""

    def found(self):
        self.addCleanup(self.env.registry.__dict__.pop, "_fynlo_row_surprises", None)
        self.env.registry.__dict__.pop("_fynlo_row_surprises", None)
        return surprises(self.env)

    def test_an_override_of_another_addon(self):
        model = self.env.registry["pos.order.line"]

        @api.model_create_multi
        def create(self, vals_list):
            return super(model, self).create(vals_list)

        create.__module__ = "odoo.addons.l10n_xx_pos.models.pos_order"
        self.assertEqual(surprises(self.env), ())
        with patch.object(model, "create", create, create=True):
            self.assertEqual(surprises(self.env), ("pos.order.line.create of l10n_xx_pos",))
        self.assertEqual(surprises(self.env), ())

    def test_a_constraint(self):
        def _check_xx(self):
            pass

        with patch.object(self.env.registry["pos.payment"], "_constraint_methods", [_check_xx]):
            self.assertIn("constraint pos.payment._check_xx", self.found())

    def test_a_tracked_field_and_a_stored_computed_one(self):
        fields = self.env["pos.order"]._fields
        with patch.object(fields["general_customer_note"], "tracking", True, create=True):
            self.assertEqual(self.found(), ("tracked field pos.order.general_customer_note",))
        with patch.object(fields["general_customer_note"], "compute", "_compute_xx"):
            self.assertEqual(self.found(), ("computed field pos.order.general_customer_note",))

    def test_every_addon_that_has_a_say_was_read(self):
        """A list that names more than there is would hide an addon that comes later under an old name."""
        for name, addons in row_lane.READ.items():
            hooks = {
                row_lane._addon(parent.__dict__[hook])
                for parent in self.env.registry[name].__mro__
                for hook in row_lane.HOOKS
                if hook in parent.__dict__
            }
            self.assertEqual(hooks - {None}, addons, name)


def _comparable(found):
    """Rows whose ids are their places, without what differs from run to run."""
    places = {name: {row["id"]: place for place, row in enumerate(rows)} for name, rows in found.items()}
    links = {
        "orders": {"id": "orders"},
        "lines": {"id": "lines", "order_id": "orders", "combo_parent_id": "lines"},
        "payments": {"id": "payments", "pos_order_id": "orders"},
    }
    for name, rows in found.items():
        for row in rows:
            for column, target in links[name].items():
                row[column] = places[target].get(row[column])
            for column in OWN:
                row.pop(column, None)
            if row.get("combo_parent_id") is not None or row.get("full_product_name") in ("Tip", "Service"):
                row.pop("uuid")
            if row.get("name") == "return":
                row.pop("uuid")
            if row.get("fynlo_stamps"):
                row["fynlo_stamps"] = sorted(row["fynlo_stamps"])  # the operations have other ids
    return found
