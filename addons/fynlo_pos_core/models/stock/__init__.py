from . import recipe, stock_room, stock_facts, stock_policy, stock_sheet
from . import stock_level, waste
