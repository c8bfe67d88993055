from . import system, events, settings, catalogue, identity, orders, cash
