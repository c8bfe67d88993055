from . import catalogue, fallback, system
