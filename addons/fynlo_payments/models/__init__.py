from . import pos_order, payment, payment_display, payment_service, refund, refund_service, payment_rollback
