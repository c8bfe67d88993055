from . import pos_order, order_guard, location_facts, order_rows, order_service
from . import order_display, order_timeline
