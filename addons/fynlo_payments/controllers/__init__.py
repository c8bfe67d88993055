from . import payments
from . import reconciliations
from . import stripe
from . import open_banking, pay_page
from . import refunds
from . import settings
from . import gift_cards
from . import fees
