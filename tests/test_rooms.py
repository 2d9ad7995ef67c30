"""Who may import whom: read from the syntax trees, so that a shortcut shows at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PRODUCT = ("config", "connectors", "core")

# Room -> the product modules that it may import (by prefix). A room may always import itself.
ROOMS: dict[str, tuple[str, ...]] = {
    "core.model": (),
    "core.errors": (),
    "core.ports": ("core.model",),
    "config": ("core.model", "core.errors"),
    "connectors": ("core.model", "core.ports", "core.errors", "config.sources", "config.secret"),
    "core.history": ("core.model", "core.errors"),
    "core.plan": ("core.model", "core.errors", "core.history"),
    "core.kpi": ("core.model", "core.errors", "core.history", "core.plan"),
    "core.document": ("core.model", "core.errors"),
    "core.report": ("core.model", "core.errors", "core.history", "core.plan", "core.kpi", "core.document"),
    "core.store": ("core.model", "core.errors"),
    "core.dashboard": ("core.model", "core.errors", "core.store", "core.document", "core.report", "core.kpi"),
    "core.publish": ("core.model", "core.errors", "core.ports", "core.store", "core.document"),
    "core.sync": ("core.model", "core.errors", "core.ports", "core.store", "core.history"),
    "core.places": ("core.model", "core.errors", "core.store", "core.plan"),
    "core.projects": (
        "core.model",
        "core.errors",
        "core.ports",
        "core.store",
        "core.history",
        "core.plan",
        "core.kpi",
        "core.document",
        "core.report",
        "core.publish",
        "core.sync",
        "core.places",
    ),
    "core.cycle": (
        "core.model",
        "core.errors",
        "core.ports",
        "core.store",
        "core.publish",
        "core.sync",
        "core.projects",
    ),
    "core.daemon": PRODUCT,
    "core": (),
}
STANDARD_LIBRARY_ONLY = ("core.model", "core.errors", "core.ports")
VENDOR_SDKS = {"jira", "github", "requests", "httpx", "caldav"}
PURE = ("core.history", "core.plan", "core.kpi", "core.report", "core.document")
IMPURE = {"os", "pathlib", "socket", "logging", "subprocess", "shutil", "tempfile", "time", "urllib", "http", "random"}
IMPURE_CALLS = {"now", "today", "utcnow", "open", "print", "input"}
MODULES = sorted(path for package in PRODUCT for path in (ROOT / package).rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    return max((room for room in ROOMS if within(module, (room,))), key=len)


def within(module: str, rooms: tuple[str, ...]) -> bool:
    return any(module == room or module.startswith(room + ".") for room in rooms)


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides where it goes"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_the_rooms_below_it(path: Path) -> None:
    module = name_of(path)
    room = room_of(module)

    ours = [name for name in imports_of(path) if name.split(".")[0] in (*PRODUCT, "tests")]
    wrong = [name for name in ours if not within(name, (room, *ROOMS[room]))]

    assert not wrong, f"{module} may not import {wrong}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_vendor_sdks_stay_in_their_connectors(path: Path) -> None:
    if within(name_of(path), ("connectors",)):
        return

    vendors = {name.split(".")[0] for name in imports_of(path)} & VENDOR_SDKS

    assert not vendors


@pytest.mark.parametrize("module", STANDARD_LIBRARY_ONLY)
def test_the_vocabulary_needs_only_the_standard_library(module: str) -> None:
    import sys

    path = ROOT / (module.replace(".", "/") + ".py")

    foreign = {name.split(".")[0] for name in imports_of(path)} - set(sys.stdlib_module_names) - {"core"}

    assert not foreign


@pytest.mark.parametrize("path", [path for path in MODULES if within(name_of(path), PURE)], ids=name_of)
def test_pure_rooms_compute_without_clock_disk_or_network(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))

    impure = {name.split(".")[0] for name in imports_of(path)} & IMPURE
    calls = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    } & IMPURE_CALLS

    assert not impure | calls


def test_every_room_has_its_rule() -> None:
    packages = {name_of(path) for path in MODULES if path.name == "__init__.py"}
    rooms = {".".join(name.split(".")[:2]) for name in packages if name.startswith("core.")}

    assert rooms <= set(ROOMS)
