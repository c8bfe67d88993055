from . import pos_order, location_facts, order_rows, order_service
