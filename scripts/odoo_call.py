#!/usr/bin/env python3
"""Calls one method of an Odoo model on a database, commits, and prints its answer as one line of JSON."""

import argparse
import json
import sys

import odoo.api
import odoo.modules.registry
import odoo.service.server
from odoo.tools import config


def call(database: str, model: str, method: str) -> object:
    """The method's answer; everything it wrote is committed when it ends well, nothing otherwise."""
    odoo.service.server.load_server_wide_modules()
    registry = odoo.modules.registry.Registry(database)
    with registry.cursor() as cr:
        env = odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {})
        if model not in env:
            sys.exit(f"the database {database} has no model {model}")
        return getattr(env[model], method)()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("model")
    parser.add_argument("method")
    options = parser.parse_args()
    config.parse_config(
        ["-c", options.config, "-d", options.database, "--log-level=warn", "--log-handler=odoo.addons.fynlo_demo:INFO"],
        setup_logging=True,
    )
    answer = call(options.database, options.model, options.method)
    print(json.dumps(answer, default=str))
    return 0


if __name__ == "__main__":
    sys.exit(main())
