"""How fast a payment provider's notification is taken, and how soon it is handled."""
