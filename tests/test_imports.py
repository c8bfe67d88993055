"""Who may import whom: a walk over all imports that fails on an arrow in the wrong direction."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "fynlo_pos_core": set(),
    "fynlo_payments": {"fynlo_pos_core"},
    "fynlo_recipes": {"fynlo_pos_core", "fynlo_payments"},
    "fynlo_workforce": {"fynlo_pos_core"},
    "fynlo_sync": {"fynlo_pos_core"},
    "fynlo_reports": {"fynlo_pos_core", "fynlo_payments", "fynlo_workforce"},
    "fynlo_demo": {"fynlo_pos_core", "fynlo_payments", "fynlo_workforce", "fynlo_sync", "fynlo_reports"},
}
# inside an addon a layer may import those of its own rank and below
RANK = {"tools": 0, "rest": 1, "providers": 2, "engine": 2, "builders": 2, "models": 3, "controllers": 4}
WITHOUT_ODOO = ("ws_server", "loadtests")


def imports(file: Path) -> Iterator[tuple[int, str]]:
    """Line and absolute name of everything a file imports; relative imports are resolved against its folder."""
    package = file.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *filter(None, [node.module])])
            yield node.lineno, module
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def sources(*folders: str) -> list[Path]:
    return sorted(
        file
        for folder in folders
        for file in (ROOT / folder).rglob("*.py")
        if "tests" not in file.relative_to(ROOT).parts
    )


def addon_and_layer(name: str) -> tuple[str, str]:
    """("fynlo_pos_core", "rest") of "odoo.addons.fynlo_pos_core.rest.route" or "addons.fynlo_pos_core.rest"."""
    parts = name.removeprefix("odoo.").split(".")
    if parts[0] != "addons" or len(parts) < 2 or not parts[1].startswith("fynlo_"):
        return "", ""
    return parts[1], parts[2] if len(parts) > 2 else ""


def test_addons_import_only_addons_below_them() -> None:
    wrong = [
        f"{file.relative_to(ROOT)}:{line} imports {name}"
        for file in sources("addons")
        for line, name in imports(file)
        if (target := addon_and_layer(name)[0])
        and (addon := file.relative_to(ROOT).parts[1]) != target
        and target not in MAY_IMPORT.get(addon, set())
    ]
    assert wrong == []


def test_layers_inside_an_addon_point_downwards() -> None:
    wrong = []
    for file in sources("addons"):
        _, addon, *rest = file.relative_to(ROOT).parts
        layer = rest[0]
        for line, name in imports(file):
            target, target_layer = addon_and_layer(name)
            if target == addon and layer in RANK and RANK.get(target_layer, -1) > RANK[layer]:
                wrong.append(f"{file.relative_to(ROOT)}:{line} ({layer}) imports {name}")
    assert wrong == []


def test_tools_are_free_of_the_orm() -> None:
    forbidden = {"odoo.models", "odoo.fields", "odoo.api", "odoo.http"}
    wrong = [
        f"{file.relative_to(ROOT)}:{line} imports {name}"
        for file in sources("addons")
        if file.relative_to(ROOT).parts[2] == "tools"
        for line, name in imports(file)
        if name in forbidden
    ]
    assert wrong == []


@pytest.mark.parametrize("package", WITHOUT_ODOO)
def test_processes_beside_odoo_import_none_of_it(package: str) -> None:
    wrong = [
        f"{file.relative_to(ROOT)}:{line} imports {name}"
        for file in sources(package)
        for line, name in imports(file)
        if name.split(".")[0] in {"odoo", "addons"}
    ]
    assert wrong == []


def test_every_addon_has_its_place_in_the_order() -> None:
    addons = {manifest.parent.name for manifest in (ROOT / "addons").glob("*/__manifest__.py")}
    assert addons - set(MAY_IMPORT) == set()
