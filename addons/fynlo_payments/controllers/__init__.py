from . import payments
from . import refunds
from . import settings
from . import gift_cards
from . import fees
from . import provider_notifications
