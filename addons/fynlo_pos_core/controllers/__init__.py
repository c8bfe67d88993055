from . import catalogue, fallback, identity, orders, system, till_sessions
