"""Relay and WebSocket gateway: carry committed events from the outbox to the tills."""
