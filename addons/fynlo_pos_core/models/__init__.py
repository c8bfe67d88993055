from . import system, events, settings, catalogue, orders, cash
