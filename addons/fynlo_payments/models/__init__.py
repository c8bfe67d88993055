from . import pos_order, payment, payment_display, payment_service, payment_share, till_tips
