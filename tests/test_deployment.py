"""The files that operators start from: compose, nginx, odoo.conf, environment, Dockerfiles, requirements."""

import configparser
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from scripts.local.compose import compose_command
from scripts.local.layout import cache_directory

ROOT = Path(__file__).resolve().parents[1]
VARIABLE = re.compile(r"\bFYNLO_[A-Z][A-Z0-9_]*[A-Z0-9]\b")


def compose(
    *arguments: str, file: Path = ROOT / "docker-compose.yml", **env: str
) -> "subprocess.CompletedProcess[str]":
    command = [*compose_command(cache_directory()), "-f", str(file), "--project-directory", str(ROOT), *arguments]
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **env}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def services() -> dict[str, dict]:
    result = compose("config", POSTGRES_PASSWORD="secret")
    assert result.returncode == 0, result.stderr
    return yaml.safe_load(result.stdout)["services"]


@pytest.fixture(scope="module")
def monitored() -> dict[str, dict]:
    """The services with the optional ones that watch the others."""
    result = compose("--profile", "monitoring", "config", POSTGRES_PASSWORD="secret")
    assert result.returncode == 0, result.stderr
    return yaml.safe_load(result.stdout)["services"]


def test_compose_file_holds_every_process(services: dict[str, dict]) -> None:
    assert set(services) == {"postgres", "redis", "init", "odoo", "relay", "gateway", "nginx"}


def test_compose_refuses_to_start_without_a_password() -> None:
    result = compose("config", "-q")
    assert result.returncode != 0
    assert "set POSTGRES_PASSWORD in .env" in result.stderr


def test_compose_binary_notices_a_misspelt_key(tmp_path: Path) -> None:
    broken = tmp_path / "docker-compose.yml"
    broken.write_text((ROOT / "docker-compose.yml").read_text().replace("image: redis:7", "imagee: redis:7"))
    result = compose("config", "-q", file=broken, POSTGRES_PASSWORD="secret")
    assert result.returncode != 0
    assert "imagee" in result.stderr


def test_only_nginx_is_reachable_from_outside(services: dict[str, dict]) -> None:
    assert [name for name, service in services.items() if service.get("ports")] == ["nginx"]


def test_prometheus_scrapes_what_compose_starts(monitored: dict[str, dict]) -> None:
    jobs = {
        job["job_name"]: job
        for job in yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())["scrape_configs"]
    }
    assert set(jobs) == {"odoo", "relay", "gateway"} <= set(monitored)
    assert jobs["odoo"]["static_configs"][0]["targets"] == ["odoo:8069"]
    for name, variable in (("relay", "FYNLO_RELAY_HEALTH_PORT"), ("gateway", "FYNLO_WS_HEALTH_PORT")):
        found = jobs[name]["dns_sd_configs"][0]
        assert (found["names"], str(found["port"])) == ([name], monitored[name]["environment"][variable])


def test_monitoring_is_asked_for_and_stays_on_this_host(monitored: dict[str, dict]) -> None:
    assert {name for name, service in monitored.items() if service.get("profiles") == ["monitoring"]} == {
        "prometheus",
        "grafana",
    }
    assert "ports" not in monitored["prometheus"]
    assert [port["host_ip"] for port in monitored["grafana"]["ports"]] == ["127.0.0.1"]
    for name in ("prometheus", "grafana"):
        for volume in monitored[name]["volumes"]:
            assert volume["type"] == "volume" or Path(volume["source"]).exists(), volume["source"]


def test_redis_never_evicts_and_keeps_its_data(services: dict[str, dict]) -> None:
    command = services["redis"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"
    assert command[command.index("--appendonly") + 1] == "yes"


def test_containers_use_the_same_entry_script_as_the_local_stack(services: dict[str, dict]) -> None:
    for name in ("init", "odoo", "relay", "gateway"):
        dockerfile = (ROOT / services[name]["build"]["dockerfile"]).read_text()
        assert "deploy/entrypoint.sh" in dockerfile
        assert services[name]["command"] == [name]


def test_paths_that_dockerfiles_copy_exist_and_are_not_ignored() -> None:
    kept = {row[1:] for row in (ROOT / ".dockerignore").read_text().splitlines() if row.startswith("!")}
    for dockerfile in (ROOT / "deploy").glob("*.Dockerfile"):
        for row in re.findall(r"^COPY (.+)$", dockerfile.read_text(), re.MULTILINE):
            *origins, _ = [word for word in row.split() if not word.startswith("--")]
            for origin in origins:
                assert (ROOT / origin).exists(), f"{dockerfile.name} copies {origin}"
                assert origin.split("/")[0] in kept, f".dockerignore leaves out {origin}"


@pytest.mark.parametrize(
    "path", ["/jsonrpc", "/xmlrpc/2/object", "/json/2/res.partner/read", "/web/database/manager", "/pos-self-order/x"]
)
def test_nginx_closes_odoos_own_interfaces(path: str) -> None:
    conf = (ROOT / "deploy/nginx.conf").read_text()
    closed = re.findall(r"location ~\* (\S+) \{ return 404; \}", conf)
    assert any(re.match(pattern, path) for pattern in closed)


def test_nginx_sends_api_and_events_to_their_processes() -> None:
    conf = (ROOT / "deploy/nginx.conf").read_text()
    assert re.search(r"location /api/ \{[^}]*proxy_pass http://odoo;", conf)
    assert re.search(r"location = /ws/v1 \{[^}]*Upgrade \$http_upgrade;[^}]*proxy_pass http://gateway;", conf)


def test_odoo_conf_closes_what_a_production_system_must_close() -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "odoo.conf")
    options = parser["options"]
    assert options["server_wide_modules"].split(",") == ["base", "web", "fynlo_pos_core"]
    assert not options.getboolean("list_db")
    assert options["db_name"] == "fynlo"
    assert "dbfilter" not in options
    assert "admin_passwd" not in options
    assert options.getboolean("proxy_mode")


def test_every_variable_is_explained_in_the_example() -> None:
    explained = set(VARIABLE.findall((ROOT / ".env.example").read_text()))
    used = {
        name
        for folder in ("addons", "ws_server", "scripts", "deploy")
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and file.suffix in {".py", ".sh", ".Dockerfile", ""} and "tests" not in file.parts
        for name in VARIABLE.findall(file.read_text(errors="ignore"))
    } | set(VARIABLE.findall((ROOT / "docker-compose.yml").read_text()))
    assert used - explained == set()


def test_required_packages_are_locked() -> None:
    def name(row: str) -> str:
        return re.split(r"[\[=<>~! ]", row)[0].lower().replace("_", "-")

    def rows(file: str) -> list[str]:
        return [row for row in (ROOT / file).read_text().splitlines() if row and not row.startswith(("#", "-r"))]

    locked = {name(row) for row in rows("requirements.lock")}
    assert all("==" in row for row in rows("requirements.lock"))
    for file in ("requirements.txt", "requirements-dev.txt", "ws_server/requirements.txt"):
        assert {name(row) for row in rows(file)} - locked == set(), file


def test_entry_script_refuses_an_unknown_process() -> None:
    result = subprocess.run([ROOT / "deploy/entrypoint.sh", "cashier"], capture_output=True, text=True, check=False)
    assert result.returncode == 64
    assert "unknown process 'cashier'" in result.stderr
