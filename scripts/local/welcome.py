"""What `make run` prints at its end: where everything is and how to get in."""

import json
from typing import Any

from scripts.local.layout import Layout
from scripts.local.stack import Stack


def print_welcome(stack: Stack, welcome: dict[str, Any]) -> None:
    """Prints URLs, and what the demo restaurant tells about itself: logins, employees with PINs, a pairing code."""
    print("\nThe restaurant is open.\n")
    _table(
        [
            ("Back office", f"{stack.url}/odoo"),
            ("REST API", f"{stack.url}/api/v1"),
            ("API documentation", f"{stack.url}/api/v1/docs"),
            ("Events", stack.websocket_url),
        ]
    )
    if logins := welcome.get("logins"):
        print("\nLogins of the back office (demo data)")
        _table([(row.get("who", ""), row["login"], row["password"]) for row in logins])
    if employees := welcome.get("employees"):
        print("\nEmployees, by PIN on a paired till (demo data)")
        _table(
            [(row["name"], row.get("role", ""), str(row.get("pin", "")), row.get("location", "")) for row in employees]
        )
    if code := welcome.get("pairing_code"):
        print(f"\nPairing code for a till, good for 10 minutes: {code}")
    print("\nmake demo (a lunch service) · make status · make logs · make stop · make help")


def keep_welcome(layout: Layout, welcome: dict[str, Any]) -> None:
    """Leaves it in a file for `make demo`; it holds PINs, so only this user may read it."""
    layout.welcome.touch(mode=0o600)
    layout.welcome.write_text(json.dumps(welcome, indent=1))


def _table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
