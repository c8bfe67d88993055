from . import pos_order, payment, payment_service
