"""The odoo.conf and the environment of one stack, made from the repository's odoo.conf."""

import configparser
import secrets
from collections.abc import Mapping

from scripts.local.command import clean_environment
from scripts.local.installation import Installation
from scripts.local.layout import ADDONS, ROOT, Layout
from scripts.local.postgres import OWNER, PORT, Cluster

DATABASE = "fynlo"


def write_odoo_conf(
    layout: Layout, installation: Installation, ports: Mapping[str, int], database: str, **extra: str
) -> None:
    """Writes `<layout>/odoo.conf`: the repository's odoo.conf with this machine's folders, sockets and ports."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "odoo.conf")
    options = parser["options"]
    addons = [*map(str, installation.tree.addons), str(ADDONS)]
    options.update(
        {
            "addons_path": ",".join(addons),
            "data_dir": str(layout.data),
            "db_host": str(layout.sockets),
            "db_port": PORT,
            "db_user": OWNER,
            "db_name": database,
            "http_interface": "127.0.0.1",
            "http_port": str(ports["http"]),
            "gevent_port": str(ports["gevent"]),
            "proxy_mode": "False",
            "admin_passwd": secrets.token_urlsafe(24),
            **extra,
        }
    )
    layout.odoo_conf.touch(mode=0o600)
    with layout.odoo_conf.open("w") as file:
        parser.write(file)


def stack_environment(
    layout: Layout, installation: Installation, cluster: Cluster, ports: Mapping[str, int], database: str
) -> dict[str, str]:
    """Every FYNLO_* variable for Odoo, relay and gateway of the stack, and what libpq needs."""
    http, websocket = f"http://127.0.0.1:{ports['http']}", ports["websocket"]
    return clean_environment(
        PATH=f"{installation.programs.postgres}:{installation.programs.redis_server.parent}:{_path()}",
        PYTHONUNBUFFERED="1",
        ODOO_RC=str(layout.odoo_conf),
        FYNLO_PYTHON=str(installation.environment.python),
        FYNLO_ODOO_BIN=str(installation.tree.program),
        FYNLO_REDIS_URL=layout.redis_url(),
        FYNLO_STREAM_PREFIX="fynlo:",
        FYNLO_KEYS_DIR=str(layout.keys),
        FYNLO_PEPPER_FILE=str(layout.pepper),
        FYNLO_APPLE_PAY_DIR=str(layout.apple_pay),
        FYNLO_PUBLIC_URL=http,
        FYNLO_WS_URL=f"ws://127.0.0.1:{websocket}/ws/v1",
        FYNLO_CORS_ORIGINS="",
        FYNLO_DATABASE_DSN=cluster.dsn(database),
        FYNLO_JWKS_URL=f"{http}/.well-known/jwks.json",
        FYNLO_WS_HOST="127.0.0.1",
        FYNLO_WS_PORT=str(websocket),
        FYNLO_RELAY_HEALTH_PORT=str(ports["relay"]),
        # the kitchen display is a page of ours, opened by either name
        FYNLO_WS_ORIGINS=f"{http},http://localhost:{ports['http']}",
        **cluster.client_environment,
    )


def _path() -> str:
    return clean_environment().get("PATH", "/usr/bin:/bin")
