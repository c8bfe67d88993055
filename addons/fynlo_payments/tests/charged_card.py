"""Payments with a surcharge on them, for tests of what becomes of it."""

from unittest.mock import patch

from .trading_day import TradingDay


class ChargedCard(TradingDay):
    """The drawer stands for the card: what matters is that the payment carries a surcharge."""

    def pay_with(self, surcharge, order, minor, **values):
        """Pay, with a surcharge on top that the guest hands over too."""
        service = self.env.registry["fynlo.payment.service"]
        reserve = service._reserve

        def reserved(*args):
            attempt = reserve(*args)
            attempt.write({"surcharge": surcharge, "fee": surcharge, "tendered": attempt.tendered + surcharge})
            attempt.env.flush_all()
            return attempt

        with patch.object(service, "_reserve", reserved):
            return self.pay(order, minor, **values)
