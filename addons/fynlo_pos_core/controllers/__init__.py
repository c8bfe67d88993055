from . import fallback, orders, system, till_sessions
