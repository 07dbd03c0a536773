"""The house holds: imports point one way."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOUSE = ("benchmarks", "hosting", "provider", "service", "stack", "tama", "tests", "tools")

# What each part of the house may import of the project besides itself. The longest name that fits a module counts.
MAY_IMPORT = {
    "provider.protocol": (),
    "provider.framework": ("provider.protocol",),
    "provider.resources": ("provider", "tama", "hosting"),
    "provider": ("tama",),
    "service.personalization": ("service.contract", "service.items", "service.refusal", "service.strict_json"),
    "hosting": (),
    "service": ("hosting",),
    "stack": (),
    "tama.catalog": (),
    "tama.control_plane": ("tama.catalog", "hosting"),
    "tama.control_plane.web": ("tama.catalog", "tama.control_plane", "tama.graph", "hosting"),
    "tama.client": ("tama.catalog", "tama.control_plane"),
    "tama.graph": ("tama.catalog",),
    "tama": ("hosting",),
}


def _modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def _name(module: Path) -> str:
    parts = module.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def _imports(module: Path) -> set[str]:
    """Every module of the project that is imported, at any depth of the file, written absolutely or not."""
    package = _name(module) if module.name == "__init__.py" else _name(module).rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*package.split(".")[: len(package.split(".")) - node.level + 1], base]).strip(".")
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names if _is_module(f"{base}.{alias.name}")}
    return {name for name in found if name.split(".")[0] in HOUSE}


def _is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def _trespasses(module: Path) -> list[str]:
    name = _name(module)
    part = max((p for p in MAY_IMPORT if _within(name, p)), key=len)
    allowed = (part, *MAY_IMPORT[part])
    return sorted(i for i in _imports(module) if not any(_within(i, a) for a in allowed))


@pytest.mark.parametrize("folder", ["hosting", "provider", "service", "stack", "tama"])
def test_imports_point_one_way(folder: str) -> None:
    trespasses = {_name(module): found for module in _modules(folder) if (found := _trespasses(module))}
    assert trespasses == {}


@pytest.mark.parametrize(
    ("inside", "foreign"), [("service/personalization", "flask"), ("service/personalization", "apsw")]
)
def test_rules_know_neither_flask_nor_a_database(inside: str, foreign: str) -> None:
    for module in _modules(inside):
        names = {
            n.name
            for node in ast.walk(ast.parse(module.read_text()))
            if isinstance(node, ast.Import)
            for n in node.names
        }
        names |= {
            node.module or "" for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.ImportFrom)
        }
        assert not any(_within(name, foreign) for name in names), f"{module} imports {foreign}"
