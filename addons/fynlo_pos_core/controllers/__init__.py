from . import fallback, system
