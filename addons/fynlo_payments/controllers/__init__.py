from . import payments
from . import refunds
from . import settings
