"""Packages whose public names are imported when they are first used, so that looking around costs nothing."""

import ast
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


def lazy_names(package: str) -> Callable[[str], Any]:
    """Return the `__getattr__` of a package whose `__init__.py` imports its names for type checkers only.

    What stands under `if TYPE_CHECKING:` says where a name is defined; it is imported from there when it is
    first asked for. Any other name may be a module of the package.

    Args:
        package: The package's `__name__`.
    """
    module = sys.modules[package]
    homes = dict(_type_checked(Path(str(module.__file__))))

    def find(name: str) -> Any:
        if name in homes:
            value = getattr(importlib.import_module(homes[name]), name)
            setattr(module, name, value)
            return value
        if not name.startswith("__"):
            try:
                return importlib.import_module(f"{package}.{name}")
            except ModuleNotFoundError as error:
                if error.name != f"{package}.{name}":
                    raise
        raise AttributeError(f"module '{package}' has no attribute '{name}'")

    return find


def _type_checked(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each name that is imported under `if TYPE_CHECKING:`, and the module that it is imported from."""
    for block in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING":
            for line in block.body:
                if isinstance(line, ast.ImportFrom) and line.module:
                    yield from ((alias.asname or alias.name, line.module) for alias in line.names)
