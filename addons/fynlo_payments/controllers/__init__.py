from . import payments
from . import refunds
