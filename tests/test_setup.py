"""What the set-up decides: which Odoo, mirror and sockets, which tests in which shard, what counts as green."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.local import apt, modules, odoo_source, python_environment
from scripts.local.account import Account, can_reach
from scripts.local.command import require_space, run_logged
from scripts.local.failure import SetupFailure
from scripts.local.junit import Results, read, unexpected
from scripts.local.layout import SOCKET_PATH_BYTES, Layout, private_folder
from scripts.local.odoo_tree import recognise
from scripts.local.suite import addon_jobs, job_for
from scripts.local.testing import verdict

ROOT = Path(__file__).resolve().parents[1]


def write(file: Path, text: str = "") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def debian_tree(home: Path, version: str = "(19, 0, 0, FINAL, 0, '')") -> Path:
    write(home / "usr/bin/odoo")
    write(home / "usr/lib/python3/dist-packages/odoo/release.py", f"version_info = {version}\n")
    return home


def test_a_debian_tree_is_recognised(tmp_path: Path) -> None:
    tree = recognise(debian_tree(tmp_path))
    assert tree.version == "19.0"
    assert tree.addons == (tmp_path / "usr/lib/python3/dist-packages/odoo/addons",)


def test_a_checkout_is_recognised(tmp_path: Path) -> None:
    write(tmp_path / "odoo-bin")
    write(tmp_path / "odoo/release.py", "version_info = (19, 0, 0, FINAL, 0, '')\n")
    tree = recognise(tmp_path)
    assert tree.program == tmp_path / "odoo-bin"
    assert tree.addons == (tmp_path / "odoo/addons", tmp_path / "addons")


def test_another_series_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupFailure, match=r"is Odoo 18\.0; Fynlo needs 19\.0"):
        recognise(debian_tree(tmp_path, "(18, 0, 0, FINAL, 0, '')"))


def test_a_folder_without_odoo_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupFailure, match="holds no Odoo"):
        recognise(tmp_path)


def test_odoo_home_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODOO_HOME", str(debian_tree(tmp_path / "mine")))
    monkeypatch.setenv("FYNLO_ODOO_DEB", "/nowhere.deb")
    assert odoo_source.odoo(tmp_path / "cache", tmp_path / "log").program == tmp_path / "mine/usr/bin/odoo"


def test_git_checkout_when_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upstream = tmp_path / "upstream"
    write(upstream / "odoo-bin")
    write(upstream / "odoo/release.py", "version_info = (19, 0, 0, FINAL, 0, '')\n")
    git = ["git", "-C", str(upstream), "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for arguments in (["init", "-q", "-b", "19.0"], ["add", "."], ["commit", "-qm", "odoo"]):
        subprocess.run([*git, *arguments], check=True)
    monkeypatch.delenv("ODOO_HOME", raising=False)
    monkeypatch.setenv("FYNLO_ODOO_GIT", "1")
    monkeypatch.setenv("FYNLO_ODOO_GIT_URL", f"file://{upstream}")
    tree = odoo_source.odoo(tmp_path / "cache", tmp_path / "log")
    assert tree.program == tmp_path / "cache/odoo-git-19.0/odoo-bin"
    assert not list((tmp_path / "cache").glob("*.part"))


def test_an_unreachable_upstream_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ODOO_HOME", raising=False)
    monkeypatch.setenv("FYNLO_ODOO_GIT", "1")
    monkeypatch.setenv("FYNLO_ODOO_GIT_URL", f"file://{tmp_path}/nothing")
    with pytest.raises(SetupFailure, match="Checking out Odoo") as failure:
        odoo_source.odoo(tmp_path / "cache", tmp_path / "log")
    assert "leave FYNLO_ODOO_GIT unset" in failure.value.remedy


class Mirror:
    """A private apt whose mirror has what the test says."""

    def __init__(self, *versions: str) -> None:
        self._versions = versions

    def offers(self, _package: str, version: str) -> bool:
        return version in self._versions

    def candidate(self, _package: str) -> str | None:
        return self._versions[0] if self._versions else None


def test_the_pinned_version_is_taken_while_the_mirror_has_it() -> None:
    pinned = odoo_source.PINNED_VERSION
    assert odoo_source._version_to_take(Mirror("19.0.9-1", pinned)) == pinned


def test_a_successor_is_taken_with_a_warning(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FYNLO_STRICT", raising=False)
    assert odoo_source._version_to_take(Mirror("19.0.9-1")) == "19.0.9-1"
    assert "is gone from the mirror" in capsys.readouterr().err


def test_strict_refuses_a_successor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FYNLO_STRICT", "1")
    with pytest.raises(SetupFailure, match="is gone from the mirror") as failure:
        odoo_source._version_to_take(Mirror("19.0.9-1"))
    assert "FYNLO_ODOO_DEB" in failure.value.remedy


@pytest.mark.parametrize("versions", [(), ("20.0.0-1",)])
def test_a_mirror_without_the_series_is_refused(versions: tuple[str, ...]) -> None:
    with pytest.raises(SetupFailure, match="no odoo-19"):
        odoo_source._version_to_take(Mirror(*versions))


@pytest.mark.parametrize(
    ("release", "sentence"),
    [
        ({"ID": "ubuntu", "ID_LIKE": "debian"}, "Ubuntu's mirror"),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "Ubuntu's mirror"),
        ({"ID": "fedora"}, "neither Debian"),
    ],
)
def test_machines_without_odoos_package_are_told_the_ways_out(
    release: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apt, "distribution", lambda: release)
    monkeypatch.setattr(apt.shutil, "which", lambda _name: "/usr/bin/apt-get")
    with pytest.raises(SetupFailure, match=sentence) as failure:
        apt._mirror()
    for way in ("ODOO_HOME", "FYNLO_ODOO_DEB", "FYNLO_ODOO_GIT=1"):
        assert way in failure.value.remedy


def test_the_mirror_is_the_main_archive() -> None:
    uris = ["http://m.example/debian-security/", "http://other.example/repo", "http://m.example/debian/", "cdrom:[x]/"]
    assert apt._main_archives(uris) == ["http://m.example/debian/"]


def test_a_missing_package_file_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ODOO_HOME", raising=False)
    monkeypatch.setenv("FYNLO_ODOO_DEB", str(tmp_path / "missing.deb"))
    with pytest.raises(SetupFailure, match=r"missing\.deb does not exist"):
        odoo_source.odoo(tmp_path, tmp_path / "log")


def test_a_full_disk_is_noticed_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(SetupFailure, match="needs 999999999 MB") as failure:
        require_space(tmp_path / "not" / "yet", 999_999_999, "Odoo")
    assert "FYNLO_CACHE" in failure.value.remedy


def test_a_failed_program_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(SetupFailure, match="the milk is off") as failure:
        run_logged(
            [sys.executable, "-c", "import sys; sys.exit('the milk is off')"],
            log=tmp_path / "log", what="Breakfast", remedy="buy milk",
        )  # fmt: skip
    assert "Breakfast failed (exit 1)" in str(failure.value)
    assert "Remedy: buy milk" in str(failure.value)


def test_a_foreign_venv_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = tmp_path / ".venv"
    link.mkdir()
    monkeypatch.setattr(python_environment, "LINK", link)
    with pytest.raises(SetupFailure, match="did not make"):
        python_environment._link(tmp_path / "venv-1")
    assert link.is_dir()


def test_sockets_of_a_deep_checkout_move_to_a_short_folder(tmp_path: Path) -> None:
    deep = Layout(tmp_path / ("d" * 60) / ("e" * 60))
    near = Layout(Path("/srv/f"))
    for layout in (deep, near):
        assert len(str(layout.sockets / ".s.PGSQL.5432.lock")) <= SOCKET_PATH_BYTES
    assert deep.home not in deep.sockets.parents
    assert deep.sockets != Layout(tmp_path / ("d" * 60) / ("f" * 60)).sockets


def test_a_private_folder_is_closed_to_others(tmp_path: Path) -> None:
    private_folder(tmp_path / "sock", None)
    assert (tmp_path / "sock").stat().st_mode & 0o777 == 0o700


def test_a_planted_socket_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "sock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SetupFailure, match="belongs to another user"):
        private_folder(tmp_path / "sock", None)


def test_a_closed_parent_keeps_another_account_out(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    stranger = Account(os.getuid() + 12345, os.getgid() + 12345)
    assert not can_reach(stranger, closed / "pg")


def test_modules_are_found_with_what_they_need(tmp_path: Path) -> None:
    for name, depends in {"a": ["point_of_sale"], "b": ["a", "l10n_uk"], "c": ["base"]}.items():
        write(tmp_path / name / "__manifest__.py", repr({"depends": depends}))
    assert modules.our_modules(tmp_path) == ["a", "b", "c"]
    assert modules.with_dependencies("b", tmp_path) == ["a", "b"]
    assert modules.foreign_modules(["a", "b"], tmp_path) == ["l10n_uk", "point_of_sale"]


@pytest.mark.parametrize(
    ("path", "changes"),
    [("models/order.py", True), ("data/tax.xml", True), ("tests/test_x.py", False), ("static/a.js", False)],
)
def test_only_what_a_database_is_made_of_changes_the_fingerprint(tmp_path: Path, path: str, changes: bool) -> None:
    write(tmp_path / "a" / "__manifest__.py", "{}")
    before = modules.fingerprint("a", tmp_path)
    write(tmp_path / "a" / path, "x = 1")
    assert (modules.fingerprint("a", tmp_path) != before) is changes


def test_files_are_dealt_out_by_how_long_they_took() -> None:
    seconds = {"slow": 60.0, "b": 20.0, "c": 20.0, "d": 20.0}
    first, second = addon_jobs(list(seconds), 2, seconds)
    assert first.files == ("slow",)
    assert second.files == ("b", "c", "d")
    assert first.level == "addons"


def test_no_more_shards_than_files() -> None:
    assert len(addon_jobs(["one"], 8, {"one": 1.0})) == 1


@pytest.mark.parametrize(
    ("path", "level"),
    [
        ("addons/fynlo_pos_core/tests/test_x.py::X::test_y", "addons"),
        ("addons/fynlo_demo/tests", "demo"),
        ("ws_server/tests/test_x.py", ""),
    ],
)
def test_a_path_is_run_on_the_database_that_it_wants(path: str, level: str) -> None:
    job = job_for(path)
    assert job.level == level
    assert job.plugins == (() if level else ("-p", "no:odoo"))


REPORT = """<testsuites><testsuite>
<testcase classname="t.test_a.A" name="test_one" file="t/test_a.py" time="1.5"/>
<testcase classname="t.test_a.A" name="test_two" file="t/test_a.py" time="0.5"><failure message="x"/></testcase>
<testcase classname="t.test_b" name="test_three" file="t/test_b.py" time="0"><skipped message="no browser"/></testcase>
</testsuite></testsuites>"""


def test_reports_are_summed_up(tmp_path: Path) -> None:
    results = read(write(tmp_path / "r.xml", REPORT))
    assert results.closing_line() == "1 passed, 1 failed, 1 skipped"
    assert results.failed == ["t/test_a.py::A::test_two"]
    assert results.seconds == {"t/test_a.py": 2.0, "t/test_b.py": 0.0}


def test_a_skip_is_a_failure_unless_it_is_allowed(tmp_path: Path) -> None:
    skipped = [("t/test_b.py::test_b::test_three", "no browser")]
    assert list(unexpected(skipped, tmp_path / "none.txt")) == skipped
    assert list(unexpected(skipped, write(tmp_path / "a.txt", "# why\nt/test_b.py::test_b::test_three\n"))) == []


@pytest.mark.parametrize(
    ("results", "code"),
    [
        (Results(passed=2), 0),
        (Results(passed=2, failed=["x"]), 1),
        (Results(passed=2, skipped=[("x", "why")]), 1),
        (Results(), 1),
    ],
)
def test_only_a_run_without_failure_and_surprise_is_green(
    results: Results, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verdict(results, tmp_path / "none.txt") == code
    assert capsys.readouterr().out.splitlines()[-1] == results.closing_line()


def test_help_lists_every_target() -> None:
    listed = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in (
        "run",
        "stop",
        "clean",
        "status",
        "logs",
        "shell",
        "psql",
        "upgrade",
        "demo",
        "test",
        "lint",
        "openapi",
    ):
        assert f"make {target} " in listed


def test_an_unsuitable_python_is_said_in_a_sentence(tmp_path: Path) -> None:
    for tool in ("dirname", "id"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    env = {"PATH": str(tmp_path), "FYNLO_SYSTEM_PYTHON": "/nowhere/python3", "FYNLO_NO_APT": "1"}
    result = subprocess.run(
        ["/bin/sh", ROOT / "scripts/fynlo", "status"], env=env, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "No Python from 3.11 to 3.13" in result.stderr
    assert "FYNLO_SYSTEM_PYTHON" in result.stderr
