"""Closing a till with thousands of orders, its posting worker killed again and again."""
