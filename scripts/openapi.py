#!/usr/bin/env python3
"""Writes docs/api/openapi.json from the routes of the installed addons."""

import argparse
import json
import sys
from pathlib import Path

import odoo.api
import odoo.modules.registry
import odoo.service.server
from odoo.tools import config


def document(database: str) -> dict[str, object]:
    """The OpenAPI document of every route that the database's modules bring."""
    odoo.service.server.load_server_wide_modules()
    registry = odoo.modules.registry.Registry(database)
    from odoo.addons.fynlo_pos_core.rest import openapi  # the addons path is known only now

    with registry.cursor() as cr:
        return dict(openapi.document(odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {})))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    config.parse_config(["-c", options.config, "-d", options.database, "--log-level=warn"], setup_logging=True)
    text = json.dumps(document(options.database), indent=2, sort_keys=True, ensure_ascii=False)
    options.target.parent.mkdir(parents=True, exist_ok=True)
    options.target.write_text(text + "\n")
    print(options.target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
