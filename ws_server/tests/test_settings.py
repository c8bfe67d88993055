"""Settings are read once and wrong ones are named in one sentence."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ws_server.settings import GatewaySettings, RelaySettings, SettingsError

from .processes import ROOT

RELAY = {"FYNLO_DATABASE_DSN": "dbname=x", "FYNLO_REDIS_URL": "redis://localhost"}
GATEWAY = {"FYNLO_REDIS_URL": "unix:///r.sock", "FYNLO_JWKS_URL": "http://localhost/jwks.json"}


def test_defaults() -> None:
    relay, gateway = RelaySettings.from_env(RELAY), GatewaySettings.from_env(GATEWAY)
    assert (relay.stream_prefix, relay.stream_length, relay.health_port) == ("fynlo:", 10_000, None)
    assert (gateway.host, gateway.port, gateway.origins) == ("127.0.0.1", 8090, frozenset())
    assert gateway.buffer_hard_bytes == 4 * gateway.buffer_soft_bytes == 2**20


def test_lists() -> None:
    env = {"FYNLO_WS_ORIGINS": "https://a.example, https://b.example,", **GATEWAY}
    settings = GatewaySettings.from_env({"FYNLO_WS_TRUSTED_PROXIES": "10.0.0.0/8", **env})
    assert settings.origins == {"https://a.example", "https://b.example"}
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"FYNLO_REDIS_URL": ""}, "FYNLO_REDIS_URL is not set."),
        ({"FYNLO_REDIS_URL": "localhost"}, "FYNLO_REDIS_URL must be a URL with scheme"),
        ({"FYNLO_JWKS_URL": "file:///etc/passwd"}, "FYNLO_JWKS_URL must be a URL with scheme"),
        ({"FYNLO_WS_PORT": "many"}, "FYNLO_WS_PORT must be a whole number from 0 to 65535."),
        ({"FYNLO_WS_PORT": "70000"}, "FYNLO_WS_PORT must be a whole number from 0 to 65535."),
        ({"FYNLO_WS_TRUSTED_PROXIES": "nginx"}, "FYNLO_WS_TRUSTED_PROXIES must list addresses"),
        ({"FYNLO_LOG_LEVEL": "loud"}, "FYNLO_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR."),
    ],
)
def test_wrong_settings_are_named(change: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        GatewaySettings.from_env({**GATEWAY, **change})
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("process", ["relay", "gateway"])
def test_process_without_settings_says_one_sentence(process: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ws_server", process],
        env={"PATH": ""},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and done.stderr.endswith("is not set.\n")
