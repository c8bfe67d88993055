from . import provider, cash, manual
from . import gift_card
from . import stripe
from . import open_banking
