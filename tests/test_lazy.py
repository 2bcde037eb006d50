"""Packages import their public names when these are first used, whatever was imported before."""

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

import pytest

import isthmus
from isthmus.lazy import _type_checked, lazy_names

LAZY = [
    ".".join(["isthmus", *path.parent.relative_to(Path(isthmus.__file__).parent).parts])
    for path in Path(isthmus.__file__).parent.rglob("__init__.py")
    if "lazy_names(__name__)" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("package", LAZY)
def test_every_public_name_is_found(package):
    module = importlib.import_module(package)
    for name in module.__all__:
        assert getattr(module, name) is not None


@pytest.mark.parametrize("package", LAZY)
def test_a_module_never_hides_a_name(package):
    """`isthmus.mixing.curriculum` is the function, whether or not the module of that name was imported.

    The import of a module sets the attribute of its name, so a name like that must be there already.
    """
    module = importlib.import_module(package)
    waiting = {name for name, _ in _type_checked(Path(module.__file__))}
    assert not waiting & {found.name for found in pkgutil.iter_modules(module.__path__)}


def test_there_are_names_that_a_module_could_hide():
    """Else the test above would check nothing."""
    modules = {m.name for p in LAZY for m in pkgutil.iter_modules(importlib.import_module(p).__path__)}
    names = {name for package in LAZY for name in importlib.import_module(package).__all__}
    assert {"curriculum", "problem_types", "embedders"} <= modules & names
    assert not isinstance(isthmus.mixing.curriculum, ModuleType)
    assert not isinstance(isthmus.model.embedders, ModuleType)


def test_modules_of_a_package_are_attributes_too():
    assert isinstance(isthmus.seeding, ModuleType)
    with pytest.raises(AttributeError, match="module 'isthmus' has no attribute 'nothing'"):
        isthmus.nothing  # noqa: B018


def test_a_fault_inside_a_module_is_not_taken_for_a_missing_one(tmp_path, monkeypatch):
    package = tmp_path / "isthmus_test_lazy"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "broken.py").write_text("import isthmus_test_nothing\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("isthmus_test_lazy")
    with pytest.raises(ModuleNotFoundError, match="isthmus_test_nothing"):
        lazy_names("isthmus_test_lazy")("broken")
