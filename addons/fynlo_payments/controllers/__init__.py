from . import payments
from . import reconciliations
from . import stripe
from . import open_banking, pay_page
from . import refunds
from . import settings
from . import gift_cards
from . import apple_pay, apple_pay_guest
from . import fees
from . import provider_notifications
