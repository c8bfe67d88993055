"""``python -m simulators.bank --port 8099``: the bank until it is interrupted; ``--help`` tells the other options."""

import argparse
from contextlib import suppress
from pathlib import Path

from .bank import BEHAVIOURS
from .server import BankServer

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--notify", help="where notifications are posted")
parser.add_argument("--behaviour", choices=BEHAVIOURS, default="manual")
parser.add_argument("--client-key", type=Path, help="the client's public key: writes must be signed by it")
options = parser.parse_args()
server = BankServer(options.port, options.notify, options.client_key and options.client_key.read_bytes())
server.bank.behaviour = options.behaviour
print(f"bank at {server.base}", flush=True)
with suppress(KeyboardInterrupt):
    server.serve_forever()
