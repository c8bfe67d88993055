from . import provider, cash
