from . import catalogue, docs, fallback, identity, kitchen, operations, orders, system, till_sessions
