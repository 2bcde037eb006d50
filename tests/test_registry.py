"""Registries find what files register, when it is looked up."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from isthmus.registry import LazyRegistry, Registry, registrations


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of animals: a registry in one module, one animal each in two others."""
    folder = tmp_path / "isthmus_test_animals"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "kinds.py").write_text(
        "from isthmus.registry import Registry\nanimals = Registry('animal', 'isthmus_test_animals')\n"
    )
    for name in ("zebra", "aardvark"):
        (folder / f"{name}.py").write_text(
            "from isthmus_test_animals.kinds import animals\n"
            f"@animals.register('{name}')\nclass Animal:\n    name = '{name}'\n"
        )
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] == folder.name]:
        del sys.modules[name]


def animals() -> Registry[Any]:
    found: Registry[Any] = importlib.import_module("isthmus_test_animals.kinds").animals
    return found


def test_modules_are_found_without_being_listed(package: Path) -> None:
    assert list(animals()) == ["aardvark", "zebra"]
    assert animals()["zebra"].name == "zebra"


@pytest.mark.parametrize(
    "look", [lambda r: r["zebra"], lambda r: "zebra" in r, list, len, lambda r: r.get("zebra")]
)
def test_any_look_up_finds_them(package: Path, look: Callable[[Registry[Any]], object]) -> None:
    assert "isthmus_test_animals.zebra" not in sys.modules
    registry = animals()
    assert "isthmus_test_animals.zebra" not in sys.modules
    assert look(registry)
    assert "isthmus_test_animals.zebra" in sys.modules


def test_a_name_that_is_registered_already_imports_nothing(package: Path) -> None:
    importlib.import_module("isthmus_test_animals.aardvark")
    assert animals()["aardvark"].name == "aardvark"
    assert "aardvark" in animals()
    assert "isthmus_test_animals.zebra" not in sys.modules
    assert list(animals()) == ["aardvark", "zebra"]


def test_deleting_the_file_deletes_the_feature(package: Path) -> None:
    (package / "zebra.py").unlink()
    assert list(animals()) == ["aardvark"]
    assert len(animals()) == 1
    assert "zebra" not in animals()


def test_a_new_file_is_a_new_feature(package: Path) -> None:
    (package / "yak.py").write_text(
        "from isthmus_test_animals.kinds import animals\nanimals.register('yak')('grunts')\n"
    )
    assert animals()["yak"] == "grunts"


def test_unknown_name_says_the_nearest(package: Path, refuses: Callable[..., Any]) -> None:
    with refuses("unknown", "zebr"):
        animals()["zebr"]


def test_a_broken_module_is_not_passed_over(package: Path) -> None:
    (package / "yak.py").write_text("import isthmus_test_nothing\n")
    with pytest.raises(ModuleNotFoundError, match="isthmus_test_nothing"):
        animals()["zebra"]


def test_two_things_cannot_share_a_name() -> None:
    registry: Registry[object] = Registry("animal", "isthmus_test_animals")
    first = object()
    assert registry.register("zebra")(first) is first
    registry.register("zebra")(first)
    with pytest.raises(ValueError, match="two animals are named 'zebra'"):
        registry.register("zebra")(object())


@pytest.fixture
def lazy(package: Path) -> Iterator[LazyRegistry[Any]]:
    """The same animals, in a registry that reads their names from the source."""
    (package / "kinds.py").write_text(
        "from isthmus.registry import LazyRegistry\n"
        "animals = LazyRegistry('animal', 'isthmus_test_animals', variable='animals')\n"
        "others = LazyRegistry('other', 'isthmus_test_animals', variable='others')\n"
    )
    (package / "yak.py").write_text("import isthmus_test_nothing\nanimals.register('yak')(1)\n")
    (package / "other.py").write_text("others.register('aardvark')(1)\nregister('snake')\n")
    registrations.cache_clear()
    yield animals()  # type: ignore[misc]
    registrations.cache_clear()


def test_lazy_names_are_known_without_an_import(lazy: LazyRegistry[Any], refuses: Callable[..., Any]) -> None:
    assert list(lazy) == ["aardvark", "yak", "zebra"]
    assert len(lazy) == 3
    assert "zebra" in lazy
    assert "snake" not in lazy
    with refuses("unknown", "zebr"):
        lazy.check("zebr")
    with refuses("unknown", "zebr"):
        lazy["zebr"]
    assert not {"isthmus_test_animals.zebra", "isthmus_test_animals.aardvark"} & set(sys.modules)


def test_a_lazy_look_up_imports_that_module_alone(lazy: LazyRegistry[Any]) -> None:
    assert lazy["zebra"].name == "zebra"
    assert lazy.module("zebra") == "isthmus_test_animals.zebra"
    assert "isthmus_test_animals.aardvark" not in sys.modules
    with pytest.raises(ModuleNotFoundError, match="isthmus_test_nothing"):
        lazy["yak"]


def test_what_another_program_registers_is_found(lazy: LazyRegistry[Any]) -> None:
    lazy.register("newt")("turns")
    assert lazy["newt"] == "turns"
    assert list(lazy) == ["aardvark", "newt", "yak", "zebra"]
    assert lazy.module("newt") is None
