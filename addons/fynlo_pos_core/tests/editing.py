"""Sends operations on orders through the service, for tests."""

from ..controllers.operation_shapes import OperationsShape
from ..rest.payload import parse
from ..rest.representation import to_json
from ..tools.identifiers import uuid7
from .shop import Shop


class Editing(Shop):
    """Sends operations through the service."""

    def operate(self, order, *operations, identity=None, base=None, atomic=False):
        body = {
            "base_version": base or order["version"],
            "atomic": atomic,
            "operations": [{"op_id": uuid7(), **operation} for operation in operations],
        }
        edited = self.env["fynlo.order.service"]._operate(
            identity or self.identity(), order["id"], parse(OperationsShape, to_json(body))
        )
        self.env.cr.flush()
        return edited

    def edit(self, order, *operations, **options):
        """The order after operations that must all be applied."""
        edited = self.operate(order, *operations, **options)
        self.assertEqual({result["result"] for result in edited["results"]}, {"applied"}, edited["results"])
        return edited["order"]

    def refused(self, order, operation, **options):
        """The code of an operation that must be refused without a trace in the order."""
        before = self.env["fynlo.order.service"]._document(self.identity(), order["id"])
        edited = self.operate(order, operation, **options)
        self.assertEqual(edited["results"][0]["result"], "rejected", edited["results"])
        self.assertEqual(edited["order"], before)
        return edited["results"][0]["code"]

    def second_till(self):
        device, _key = self.env["fynlo.device"]._pair_new(self.location, "Till 2", "ios", "1.0")
        return self.identity(self.cashier, device=device)
