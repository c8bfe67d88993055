from . import customer, pos_order, order_operation, location_facts, order_rows, order_service, order_editing
