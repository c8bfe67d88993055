"""Stripe as a provider outside the server: plain Python that fulfils ``Connection`` and knows no record."""

import logging

import stripe

from . import environment
from .checkout import CheckoutPage, is_checkout
from .connection import StripeConnection, StripeSettings
from .notification import StripeListener

logging.getLogger("stripe").setLevel(logging.WARNING)  # lower, it would write what is sent and answered
stripe.enable_telemetry = False
stripe.set_app_info("Fynlo POS")

__all__ = ["CheckoutPage", "StripeConnection", "StripeListener", "StripeSettings", "environment", "is_checkout"]
