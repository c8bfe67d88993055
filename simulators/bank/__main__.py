"""``python -m simulators.bank --port 8099 [--notify URL] [--behaviour NAME]``: the bank until it is interrupted."""

import argparse
from contextlib import suppress

from .bank import BEHAVIOURS
from .server import BankServer

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--notify", help="where notifications are posted")
parser.add_argument("--behaviour", choices=BEHAVIOURS, default="manual")
options = parser.parse_args()
server = BankServer(options.port, options.notify)
server.bank.behaviour = options.behaviour
print(f"bank at {server.base}", flush=True)
with suppress(KeyboardInterrupt):
    server.serve_forever()
