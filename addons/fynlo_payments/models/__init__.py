from . import pos_order, payment, payment_display, payment_service, payment_share
from . import refund, refund_service, payment_rollback
from . import till_tips
from . import payment_settings
from . import truelayer_connection
