from . import payments
from . import refunds
from . import settings
from . import fees
