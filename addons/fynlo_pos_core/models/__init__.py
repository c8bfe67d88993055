from . import system, events, settings
