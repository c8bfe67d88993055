"""``python -m simulators.stripe --port 8098 [--notify URL --secret whsec_test…]``: Stripe until it is interrupted."""

import argparse
from contextlib import suppress

from .control import BEHAVIOURS, behave
from .server import StripeServer

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--notify", help="where notifications are posted")
parser.add_argument("--secret", action="append", default=[], help="signs notifications; more than once in a rotation")
parser.add_argument("--behaviour", choices=BEHAVIOURS, default="normal")
options = parser.parse_args()
server = StripeServer(options.port, options.notify, tuple(options.secret))
behave(server, options.behaviour)
print(f"Stripe at {server.base}", flush=True)
with suppress(KeyboardInterrupt):
    server.serve_forever()
