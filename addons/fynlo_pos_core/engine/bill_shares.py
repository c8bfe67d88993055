"""Sharing one bill: what each of several people pays, to the penny, whatever happens to the bill meanwhile.

Lines cannot be cut into equal parts exactly, so the order stays whole: its shares say who pays how
much, and each is paid by payments of its own.
"""

from dataclasses import dataclass, field

from ..tools.money import split


@dataclass(slots=True)
class Share:
    """One person's share. ``weight`` is its part of what is left: 1 each, or the amount agreed on."""

    uuid: str
    weight: int
    amount: int = 0
    paid: int = 0
    settled: bool = False
    payments: list[str] = field(default_factory=list)

    @property
    def due(self):
        return 0 if self.settled else self.amount - self.paid

    def settle(self):
        """What was paid of it is all of it."""
        self.amount, self.settled = self.paid, True

    def give_back(self, payment, amount):
        """One of its payments was given back: ``amount`` of it is to be paid again."""
        self.payments.remove(payment)
        self.paid -= amount
        self.settled = False

    def stored(self):
        return {
            "id": self.uuid,
            "weight": self.weight,
            "amount": self.amount,
            "paid": self.paid,
            "settled": self.settled,
            "payments": list(self.payments),
        }

    @classmethod
    def from_stored(cls, values):
        uuid, payments = values["id"], list(values["payments"])
        return cls(uuid, values["weight"], values["amount"], values["paid"], values["settled"], payments)


@dataclass(slots=True)
class BillShares:
    """How a bill is shared: ``even`` or by ``amount``. Together the open shares are due what the order is due."""

    kind: str
    shares: list[Share]

    @property
    def open(self):
        return [share for share in self.shares if not share.settled]

    def share(self, uuid):
        return next((share for share in self.shares if share.uuid == uuid), None)

    def of_payment(self, payment):
        """The share that a payment paid, if it paid one."""
        return next((share for share in self.shares if payment in share.payments), None)

    def level(self, due):
        """Divide what the order is due among the open shares; those that have paid theirs are settled for good."""
        while True:
            shares = self.open
            amounts = split(due + sum(share.paid for share in shares), [share.weight for share in shares])
            covered = [share for share, amount in zip(shares, amounts, strict=True) if 0 < share.paid >= amount]
            if not covered:
                break
            for share in covered:
                share.settle()
        for share, amount in zip(shares, amounts, strict=True):
            share.amount = amount

    def stored(self):
        return {"kind": self.kind, "shares": [share.stored() for share in self.shares]}

    @classmethod
    def from_stored(cls, values):
        return cls(values["kind"], [Share.from_stored(share) for share in values["shares"]])
