from . import provider, cash
from . import gift_card
