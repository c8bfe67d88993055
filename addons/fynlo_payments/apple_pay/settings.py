"""How this installation takes part in Apple Pay: FYNLO_APPLE_PAY_* variables, read anew at each need."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .merchant_session import Gateway, is_domain

PREFIX = "FYNLO_APPLE_PAY_"
APPLE = "https://apple-pay-gateway.apple.com"
#: Name of the file that proves to Apple whose the domain is; the path it is served at ends with it too.
ASSOCIATION = "apple-developer-merchantid-domain-association"
ASSOCIATION_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class ApplePaySettings:
    """``folder`` holds keys and the domain's file; ``domain`` is where the payment page is served."""

    folder: Path | None
    domain: str
    gateway: str
    direct: bool

    def asked_gateway(self) -> Gateway:
        """Raises ``ValueError`` unless it is one of Apple's."""
        return Gateway.at(self.gateway)

    def association(self) -> bytes | None:
        """What is served to prove the domain; ``None`` when there is no file."""
        if not self.folder:
            return None
        try:
            with (self.folder / ASSOCIATION).open("rb") as file:
                raw = file.read(ASSOCIATION_BYTES + 1)
        except OSError:
            return None
        return raw if 0 < len(raw) <= ASSOCIATION_BYTES else None


def apple_pay_settings(environ: Mapping[str, str] = os.environ) -> ApplePaySettings:
    """Without ``FYNLO_APPLE_PAY_DIR`` there is no Apple Pay. The domain is the public address's unless set."""
    folder = environ.get(f"{PREFIX}DIR", "")
    domain = environ.get(f"{PREFIX}DOMAIN") or urlsplit(environ.get("FYNLO_PUBLIC_URL", "")).hostname or ""
    return ApplePaySettings(
        folder=Path(folder) if folder else None,
        domain=domain if is_domain(domain) else "",
        gateway=environ.get(f"{PREFIX}GATEWAY") or APPLE,
        direct=environ.get(f"{PREFIX}DIRECT") == "1",
    )
