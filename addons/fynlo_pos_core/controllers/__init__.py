from . import catalogue, fallback, identity, system
