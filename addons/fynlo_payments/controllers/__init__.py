from . import payments
from . import refunds
from . import settings
from . import gift_cards
from . import apple_pay
from . import fees
