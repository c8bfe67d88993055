"""A shop that keeps its cola in stock, for tests."""

from .editing import Editing


class Stocked(Editing):
    """``self.stock(variant, amount)`` makes it so that the location has that much on hand."""

    @classmethod
    def open_stocked_shop(cls):
        cls.open_shop()
        cls.menu.cola.is_storable = True
        cls.room = cls.location.picking_type_id.default_location_src_id

    def stock(self, product, amount):
        quants = self.env["stock.quant"].sudo()
        quants._update_available_quantity(product, self.room, amount - self.on_hand(product))
        self.env.flush_all()
        self.env.cr.flush()

    def on_hand(self, product):
        self.env.invalidate_all()
        return sum(self.env["stock.quant"]._gather(product, self.room).mapped("quantity"))

    def decide(self, policy, location=None):
        """The company's policy, and the location's own where it has one."""
        self.company.fynlo_stock_policy = policy
        self.location.fynlo_stock_policy = location
        self.env.cr.flush()

    def left(self, product):
        """What the location has left of ``product``, sales of open tills off."""
        sheet = {row["variant_id"]: row["stock"] for row in self.sheet()}
        return sheet.get(product.fynlo_uuid)

    def sheet(self):
        identity = self.identity()
        return self.env["fynlo.stock.sheet"]._items(self.location.id, identity.catalogue_version)
