"""A floor with a few tables, and what waiters do with bills, through the services; for tests."""

from types import SimpleNamespace

from odoo import Command

from ..controllers import table_shapes
from ..controllers.kitchen_shapes import SendShape
from ..rest.payload import parse
from ..rest.representation import to_json
from ..tools.identifiers import uuid7
from .editing import Editing

#: A call without If-Match.
ANY_VERSION = SimpleNamespace(require_version=lambda current, shape=None: None)


class Floor(Editing):
    """Mix into a test class; ``open_floor`` gives ``self.tables`` by number."""

    @classmethod
    def open_floor(cls, *numbers):
        """More tables in the shop's hall."""
        cls.table.floor_id.table_ids = [Command.create({"table_number": number, "seats": 4}) for number in numbers]
        cls.tables = {table.table_number: table for table in cls.table.floor_id.table_ids}
        cls.env.flush_all()
        cls.env.cr.flush()

    @property
    def desk(self):
        return self.env["fynlo.table.desk"]

    def status(self, table):
        """How a table stands."""
        items = self.desk._page(self.identity())["items"]
        return next(item for item in items if item["id"] == table.fynlo_uuid)

    def change(self, table, *, identity=None, call=ANY_VERSION, **wish):
        shape = parse(table_shapes.TablePatchShape, to_json(wish))
        changed = self.desk._change(identity or self.identity(), table.fynlo_uuid, shape, call)
        self.env.cr.flush()
        return changed

    def join(self, table, *others, call=ANY_VERSION):
        joined = self.desk._join(self.identity(), table.fynlo_uuid, [one.fynlo_uuid for one in others], call)
        self.env.cr.flush()
        return joined

    def unjoin(self, table, call=ANY_VERSION):
        changed = self.desk._unjoin(self.identity(), table.fynlo_uuid, call)
        self.env.cr.flush()
        return changed

    def move(self, table, goal, call=ANY_VERSION):
        moved = self.desk._move(self.identity(), table.fynlo_uuid, goal.fynlo_uuid, call)
        self.env.cr.flush()
        return moved

    # --- bills ---------------------------------------------------------------------------

    def split(self, order, *, identity=None, **wish):
        """Split through the service; the whole answer."""
        shape = parse(table_shapes.SplitShape, to_json(wish)).root
        split = self.env["fynlo.order.service"]._split(identity or self.identity(), order["id"], shape)
        self.env.cr.flush()
        return split

    def split_off(self, order, *portions, identity=None, **values):
        """The order and the new one that these lines, or (line, quantity) went to."""
        lines = [{"line_id": line["id"]} for line in portions if not isinstance(line, tuple)]
        lines += [{"line_id": one[0]["id"], "quantity": one[1]} for one in portions if isinstance(one, tuple)]
        split = self.split(order, by="item", orders=[{"id": uuid7(), "lines": lines, **values}], identity=identity)
        return split["order"], split["orders"][0]

    def merge(self, order, *others, identity=None):
        merged = self.env["fynlo.order.service"]._merge(
            identity or self.identity(), order["id"], [other["id"] for other in others]
        )
        self.env.cr.flush()
        return merged

    def transfer(self, order, *, identity=None, **wish):
        shape = parse(table_shapes.TransferShape, to_json(wish))
        handed = self.env["fynlo.order.service"]._transfer(identity or self.identity(), order["id"], shape)
        self.env.cr.flush()
        return handed

    def send(self, order, **wish):
        sent = self.env["fynlo.order.service"]._send(self.identity(), order["id"], parse(SendShape, to_json(wish)))
        self.env.cr.flush()
        return sent

    def stored(self, order):
        """The order as the database has it."""
        self.env.invalidate_all()
        return self.env["fynlo.order.service"]._document(self.identity(), order["id"])

    def total(self, *orders):
        return sum(order["totals"]["total"]["amount"] for order in orders)

    def tickets(self, order):
        return self.env["fynlo.kitchen.ticket"].sudo().search([("order_id.uuid", "=", order["id"])], order="id")
