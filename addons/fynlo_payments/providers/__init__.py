from . import provider, cash
from . import gift_card
from . import open_banking
