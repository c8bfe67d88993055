from . import pos_order, payment, payment_display, payment_service, till_tips
