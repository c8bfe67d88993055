from . import location
