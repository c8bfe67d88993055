"""Stripe on this machine: the wire format of its API as far as it is used here, and its misbehaviour on demand."""
