from . import location_facts, order_display, order_guard, order_rows, order_service, order_timeline, pos_order
