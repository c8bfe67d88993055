"""Tests of relay and gateway against real PostgreSQL, Redis, sockets and processes."""
