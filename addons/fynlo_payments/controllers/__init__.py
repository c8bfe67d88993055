from . import payments
from . import reconciliations
from . import refunds
from . import settings
from . import gift_cards
from . import fees
