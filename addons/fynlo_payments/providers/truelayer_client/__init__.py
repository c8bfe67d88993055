"""TrueLayer Payments v3 in plain Python: bank payments as a :class:`~..connection.Connection`."""

from .connection import TrueLayerConnection
from .environment import LIVE, SANDBOX, Account, Environment, loopback
