from . import docs, fallback, operations, system
