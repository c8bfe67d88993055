from . import test_demo
from . import test_demo_history
from . import test_pizzaplace
