from . import test_demo, test_demo_history, test_pizzaplace
