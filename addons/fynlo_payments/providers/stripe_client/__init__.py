"""Stripe as a provider outside the server: plain Python that fulfils ``Connection`` and knows no record."""

from .connection import StripeConnection, StripeSettings

__all__ = ["StripeConnection", "StripeSettings"]
