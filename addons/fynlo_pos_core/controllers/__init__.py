from . import catalogue, docs, fallback, identity, operations, orders, system, till_sessions
