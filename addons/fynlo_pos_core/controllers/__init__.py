from . import fallback, system, identity
