from . import catalogue, fallback, orders, system, till_sessions
