"""Plug-ins: the example of the documentation is installed as its page says, and its things are used."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from isthmus import plugins, registry
from isthmus.listing import LISTINGS, OPEN
from isthmus.plugins import PlugIn
from isthmus.registry import LazyRegistry, Registry, registrations

ROOT = Path(__file__).parents[1]
EXAMPLE, PAGE = ROOT / "docs" / "plugin-example", ROOT / "docs" / "plugins.md"
SHORT = ["--epochs", "1", "--epoch-steps", "1", "--probe-samples", "4", "--no-floor"]

RUN = """
import json, sys
from isthmus import cli
for words in json.loads(sys.argv[1]):
    sys.argv = ["isthmus", *words]
    try:
        cli.main()
    except SystemExit as end:
        assert not end.code, words
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, installed by pip into a folder."""
    source, target = tmp_path_factory.mktemp("source") / "example", tmp_path_factory.mktemp("target")
    shutil.copytree(EXAMPLE, source)
    offline = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    pip = [sys.executable, "-m", "pip", "install", *offline, "--target", str(target), str(source)]
    subprocess.run(pip, check=True)
    return target


@pytest.mark.slow
def test_the_example_is_installed_listed_and_used_as_its_page_says(installed: Path, tmp_path: Path) -> None:
    commands = re.findall(r"^isthmus (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(commands) == 4
    words = [[*line.split(), *(SHORT if line.startswith("fit") else [])] for line in commands]
    path = os.pathsep.join([str(installed), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path, "ISTHMUS_DATA": str(tmp_path / "data")}
    check = [sys.executable, "-c", RUN, json.dumps(words)]
    done = subprocess.run(
        check, cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    for module in ("tasks", "sources", "embedders", "methods", "backbones"):
        assert f"isthmus_tides.{module}" in done.stdout
    result = json.loads((tmp_path / "runs" / "tides" / "result.json").read_text())
    assert (result["task"], result["source"], result["backbone"]) == ("tides", "waves", "pebble")
    assert result["versions"]["isthmus-tides"] == "0.1.0"
    (noisy,) = (tmp_path / "runs").glob("tides-noisy-pebble-*")
    assert json.loads((noisy / "result.json").read_text())["embedder"] == "rise"


def test_the_page_shows_what_the_example_says() -> None:
    shown = re.findall(r"^```toml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert tomllib.loads(shown[0])["project"]["entry-points"] == project["entry-points"]
    assert set(project["entry-points"][plugins.GROUP]) <= set(OPEN)
    (code,) = re.findall(r"^```py\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert code in (EXAMPLE / "isthmus_tides" / "methods.py").read_text(encoding="utf-8")


def test_every_registry_that_a_plug_in_can_add_to_is_on_the_page() -> None:
    rows = re.findall(r"^\| (`.*?`) \| ", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(OPEN)


def test_what_is_open_is_what_registries_are_named_by() -> None:
    import isthmus.tasks.losses
    import isthmus.tasks.metrics
    from isthmus import augmentation, backbones, floors, methods, mixing, model, schedules, sources, tasks

    homes = [augmentation, backbones, floors, methods, mixing, model, schedules, sources, tasks]
    homes += [isthmus.tasks.losses, isthmus.tasks.metrics]
    found = [(name, getattr(home, name, None)) for home in homes for name in OPEN]
    registries = {name: thing for name, thing in found if isinstance(thing, Registry)}
    assert set(registries) == set(OPEN)
    assert all(thing._variable == name for name, thing in registries.items())


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Installs a plug-in of one module that adds birds; registries of birds are in `isthmus_test_nest`."""
    (tmp_path / "isthmus_test_nest.py").write_text(
        "from isthmus.registry import LazyRegistry, Registry\n"
        "birds = Registry('bird', 'isthmus_test_own', variable='birds')\n"
        "fowl = LazyRegistry('fowl', 'isthmus_test_own', variable='fowl')\n"
    )
    (tmp_path / "isthmus_test_own").mkdir()
    (tmp_path / "isthmus_test_own" / "owl.py").write_text(
        "from isthmus_test_nest import birds, fowl\nbirds.register('owl')(1)\nfowl.register('owl')(1)\n"
    )
    (tmp_path / "isthmus_test_own" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)

    def install(code: str, module: str = "isthmus_test_added") -> None:
        (tmp_path / "isthmus_test_added.py").write_text(code)
        found = [PlugIn("isthmus-birds", "2.1", variable, module) for variable in ("birds", "fowl")]
        monkeypatch.setattr(registry, "plug_ins", lambda of: [p for p in found if p.variable == of])
        registrations.cache_clear()

    yield install
    registrations.cache_clear()
    for name in [name for name in sys.modules if name.startswith("isthmus_test_")]:
        del sys.modules[name]


def nest() -> tuple[Registry[Any], LazyRegistry[Any]]:
    import isthmus_test_nest  # type: ignore[import-not-found]

    return isthmus_test_nest.birds, isthmus_test_nest.fowl


def test_things_of_plug_ins_are_beside_the_own_ones(package: Callable[[str], None]) -> None:
    package("from isthmus_test_nest import birds, fowl\nbirds.register('wren')(2)\nfowl.register('hen')(3)\n")
    birds, fowl = nest()
    assert list(fowl) == ["hen", "owl"]
    assert "isthmus_test_added" not in sys.modules
    assert fowl["hen"] == 3
    assert list(birds) == ["owl", "wren"]
    assert birds["wren"] == 2


@pytest.mark.parametrize(
    "code", ["birds.register('owl')(2)\nfowl.register('owl')(2)\n", "1 / 0\n", "def: fowl.register('hen')\n"]
)
def test_a_plug_in_that_cannot_be_used_is_named(
    package: Callable[[str], None], refuses: Callable[..., Any], code: str
) -> None:
    package(f"from isthmus_test_nest import birds, fowl\n{code}")
    birds, fowl = nest()
    for _ in range(2):  # not only the first time
        with refuses("dependency", "isthmus-birds"):
            list(birds)
    if "1 / 0" not in code:  # which is not seen before it is run
        with refuses("dependency", "isthmus-birds"):
            list(fowl)


def test_a_plug_in_without_its_module_is_named(
    package: Callable[..., None], refuses: Callable[..., Any]
) -> None:
    package("", module="isthmus_test_missing")
    for birds in nest():
        with refuses("dependency", "isthmus-birds"):
            list(birds)


def test_a_module_that_fails_when_its_thing_is_wanted_is_named(
    package: Callable[[str], None], refuses: Callable[..., Any]
) -> None:
    package("import isthmus_test_nothing\nfowl.register('hen')(3)\n")
    _, fowl = nest()
    assert "hen" in fowl
    with refuses("dependency", "isthmus-birds"):
        fowl["hen"]


def test_plug_ins_are_what_entry_points_say(monkeypatch: pytest.MonkeyPatch) -> None:
    dist = SimpleNamespace(name="isthmus-birds", version="2.1")
    points = [EntryPoint(kind, f"birds.{kind}", plugins.GROUP) for kind in ("tasks", "taks")]
    for point in points:
        vars(point)["dist"] = dist
    monkeypatch.setattr(plugins, "entry_points", lambda group: points * 2)
    plugins.installed.cache_clear()
    try:
        rows = LISTINGS["plugins"]()[1]
        (found,) = plugins.plug_ins("tasks")
    finally:
        plugins.installed.cache_clear()
    assert found == PlugIn("isthmus-birds", "2.1", "tasks", "birds.tasks")
    assert [row[2] for row in rows] == ["nothing: no kind is named 'taks'", "tasks"]
