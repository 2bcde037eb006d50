"""The house has floors: imports run downward only, whoever makes them (type checkers' imports too)."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "isthmus"

FLOORS: tuple[set[str], ...] = (  # from the ground up
    {
        "bibliography",
        "pde",
        "store",
        "recipes",
        "config",
        "aliases",
        "drawing",
        "errors",
        "extras",
        "files",
        "hub",
        "launchers",
        "lazy",
        "locks",
        "numba_cache",
        "outline",
        "plugins",
        "precision",
        "processes",
        "progress",
        "registry",
        "schedules",
        "seeding",
        "version",
    },
    {"mixing", "alignment", "augmentation", "backbones", "executors", "loggers", "tasks", "sources"},
    {"model"},
    {"methods"},
    {"config.resolve", "floors"},  # the one file that knows everything that settings name
    {"training", "config.layers"},
    {"bench", "cross_validation", "plots", "sklearn", "tuning"},
    {"datasets", "demo", "doctor", "exports", "listing", "reports"},
    {"cli"},
    {"__init__", "__main__"},
)
DOTTED = re.compile(r"isthmus(\.\w+)+")
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def modules() -> dict[str, tuple[str, str]]:
    """File's path inside the package -> (the package that its relative imports start from, its code)."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE)
        found[inside.as_posix()] = (
            ".".join(["isthmus", *inside.parent.parts]),
            path.read_text(encoding="utf-8"),
        )
    return found


def imported(package: str, code: str) -> Iterator[str]:
    """Every module that `code` imports, at any depth, or names in a string, as registries do.

    `from a import b` gives `a.b`.
    """
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and DOTTED.fullmatch(node.value):
            yield node.value


def room_of(module: str) -> str | None:
    """The room a dotted name lies in, `__init__` for the house's own names; None outside of the house."""
    house, *inside = module.split(".")
    if house != "isthmus":
        return None
    if ".".join(inside[:2]) in FLOOR:
        return ".".join(inside[:2])
    return inside[0] if inside and inside[0] in FLOOR else "__init__"


def upward(room: str, package: str, code: str) -> list[str]:
    """What a file of `room` imports against the rules: from above, or from next door unless on the ground."""
    rooms = {name: room_of(name) for name in imported(package, code)}
    return [
        name
        for name, other in rooms.items()
        if other is not None and other != room and FLOOR[other] >= max(FLOOR[room], 1)
    ]


MODULES = modules()


@pytest.mark.parametrize("path", MODULES)
def test_imports_run_downward(path):
    room = room_of(f"isthmus.{path.removesuffix('.py').replace('/', '.')}") if "/" in path else path[:-3]
    assert room in FLOOR, f"give the room '{room}' a floor in this file and in docs/architecture.md"
    assert upward(room, *MODULES[path]) == []


def test_the_page_about_the_architecture_has_the_same_floors():
    page = (PACKAGE.parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d) \| (`.*) \|$", page, re.MULTILINE)
    told = {int(floor): set(re.findall(r"`([\w.]+)`", rooms)) for floor, rooms in rows}
    assert told == dict(enumerate(FLOORS[:-1]))


@pytest.mark.parametrize("room", ["mixing", "alignment", "augmentation"])
def test_rooms_that_can_be_lifted_out_know_tensors_only(room):
    """Nothing but tensors and numbers from outside; from the house, the ground floor alone."""
    allowed = {"torch", "numpy", "scipy", "ot", *sys.stdlib_module_names}
    for path, (package, code) in MODULES.items():
        if path.startswith(f"{room}/"):
            for name in imported(package, code):
                other = room_of(name)
                inside = other == room or other in FLOORS[0]
                assert inside or name.split(".")[0] in allowed, f"{path} imports {name}"


@pytest.mark.parametrize(
    ("room", "code", "forbidden"),
    [
        ("mixing", "from isthmus.tasks import Task", ["isthmus.tasks.Task"]),
        ("mixing", "from ..tasks.task import Task", ["isthmus.tasks.task.Task"]),
        ("mixing", "from .. import model", ["isthmus.model"]),
        ("mixing", "from isthmus import Task", ["isthmus.Task"]),
        ("tasks", "if TYPE_CHECKING:\n    import isthmus.model.net", ["isthmus.model.net"]),
        ("tasks", "def load():\n    from isthmus.training import fit", ["isthmus.training.fit"]),
        ("model", "from isthmus.backbones import Backbone\nfrom isthmus.model.net import Gate", []),
        ("files", "from isthmus.errors import InputError", []),
        ("files", "import torch, isthmusoid", []),
    ],
)
def test_the_rules_are_seen_to_be_broken(room, code, forbidden):
    assert upward(room, f"isthmus.{room}", code) == forbidden
