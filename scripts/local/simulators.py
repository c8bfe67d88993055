"""The simulated bank and card provider of a stack: no restaurant on a developer's machine moves real money."""

import os
from collections.abc import Mapping
from pathlib import Path

from scripts.local.command import output
from scripts.local.installation import Installation
from scripts.local.layout import ROOT, Layout

SIMULATORS = ("bank", "stripe")
#: A variable of the operator's own that says: this provider is a real one, so none is simulated.
OWN = {"bank": "FYNLO_TRUELAYER_ENVIRONMENT", "stripe": "FYNLO_STRIPE_TEST_SECRET_KEY_FILE"}
HOOKS = {"bank": "open-banking/webhook/truelayer", "stripe": "stripe/webhook"}


def simulated() -> list[str]:
    """The providers for which the operator has named nothing real."""
    return [name for name in SIMULATORS if not os.environ.get(OWN[name])]


def credentials(layout: Layout) -> Path:
    return layout.home / "simulators"


def ensure_credentials(layout: Layout, installation: Installation) -> None:
    """Makes the keys by which the restaurant and its simulators know each other."""
    output([installation.environment.python, "-m", "simulators.credentials", credentials(layout)], cwd=ROOT)


def simulator_argv(name: str, layout: Layout, installation: Installation, ports: Mapping[str, int]) -> list[str | Path]:
    """How a simulator is started; it tells the restaurant of payments as the real provider would."""
    folder = credentials(layout)
    notify = f"http://127.0.0.1:{ports['http']}/api/v1/{HOOKS[name]}"
    known: dict[str, list[str | Path]] = {
        "bank": ["--client-key", folder / "bank-public.pem"],
        "stripe": ["--secret", (folder / "stripe-webhook").read_text()],
    }
    start: list[str | Path] = [installation.environment.python, "-m", f"simulators.{name}", "--port", str(ports[name])]
    return [*start, "--notify", notify, *known[name]]


def simulator_environment(layout: Layout, ports: Mapping[str, int]) -> dict[str, str]:
    """What Odoo must be told to use the simulators."""
    folder, public = credentials(layout), f"http://127.0.0.1:{ports['http']}"
    bank = {
        "FYNLO_TRUELAYER_ENVIRONMENT": f"http://127.0.0.1:{ports['bank']}",
        "FYNLO_TRUELAYER_CLIENT_ID": "fynlo-simulated",
        "FYNLO_TRUELAYER_KEY_ID": "6b5f1c1e-0d0e-4b5b-9a43-2f6f0f9f5a11",
        "FYNLO_TRUELAYER_MERCHANT_ACCOUNT": "4f1f6a0e-3d83-4d3f-8a53-1b1f5d1b7c01",
        "FYNLO_TRUELAYER_PAYER_EMAIL": "guests@restaurant.example",
        "FYNLO_TRUELAYER_RETURN_URL": f"{public}/pay/back",
        "FYNLO_TRUELAYER_CLIENT_SECRET_FILE": str(folder / "bank-secret"),
        "FYNLO_TRUELAYER_PRIVATE_KEY_FILE": str(folder / "bank-private.pem"),
    }
    stripe = {
        "FYNLO_STRIPE_API_BASE": f"http://127.0.0.1:{ports['stripe']}",
        "FYNLO_STRIPE_TEST_SECRET_KEY_FILE": str(folder / "stripe-key"),
        "FYNLO_STRIPE_TEST_PUBLISHABLE_KEY": "pk_test_simulator",
        "FYNLO_STRIPE_WEBHOOK_SECRETS_FILE": str(folder / "stripe-webhook"),
    }
    known = {"bank": bank, "stripe": stripe}
    return {name: value for provider in simulated() for name, value in known[provider].items()}
