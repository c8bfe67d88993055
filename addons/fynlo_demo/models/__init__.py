from . import demo, demo_business, demo_card, demo_history
