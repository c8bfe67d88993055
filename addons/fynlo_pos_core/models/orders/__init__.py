from . import customer
from . import pos_order
from . import order_operation
from . import order_guard
from . import location_facts
from . import order_rows
from . import order_service
from . import order_editing
