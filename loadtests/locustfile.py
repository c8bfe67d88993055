"""Entry of Locust: its users by name, and the steps in which they come."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from loadtests.users.rising import Rising
from loadtests.users.staff import Staff
from loadtests.users.waiter import Waiter

__all__ = ["Rising", "Staff", "Waiter"]
