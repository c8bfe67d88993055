"""What of a payment a provider should have given back and did not: it is owed to the guest."""

from odoo import fields, models


class FynloPayment(models.Model):
    _inherit = "fynlo.payment"

    # tills insert payments with a statement of their own, which leaves this empty
    owed = fields.Integer("Owed to the guest (minor units)", readonly=True)

    _owed_fits = models.Constraint(
        "CHECK(coalesce(owed, 0) >= 0 AND refunded + coalesce(owed, 0) <= amount + tip + surcharge)",
        "No more can be owed of a payment than was taken and not given back.",
    )

    def _refundable(self):
        """What is owed is spoken for: it goes back by repeating the refund that failed."""
        left = super()._refundable()
        return left and left - self.owed

    def _give(self, amount, *, was_owed=False):
        """Take ``amount`` for a refund, of what is left or of what is owed; from here on nobody else can."""
        self.write(
            {
                "refunded": self.refunded + amount,
                "owed": self.owed - amount if was_owed else self.owed,
                "version": self.version + 1,
            }
        )

    def _owe(self, amount):
        """A refund of ``amount`` failed: the money is here, and the guest's."""
        self.write({"refunded": self.refunded - amount, "owed": self.owed + amount, "version": self.version + 1})
