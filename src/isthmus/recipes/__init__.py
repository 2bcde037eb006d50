"""Recipes: published settings, a YAML file for each task and method, such as `nasbench360/ninapro/pare`."""

from pathlib import Path
from typing import Any

from isthmus.aliases import task_name
from isthmus.config import read_settings
from isthmus.errors import unknown

__all__ = ["names", "read"]

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """List the names of all recipes: BENCHMARK/TASK/METHOD."""
    paths = (path.relative_to(FOLDER) for path in FOLDER.rglob("*.yaml"))
    return sorted(path.with_suffix("").as_posix() for path in paths)


def read(name: str) -> dict[str, Any]:
    """Read the settings of a recipe: `isthmus.fit(**recipes.read("nasbench360/ninapro/pare"))`.

    Args:
        name: Name of the recipe.

    Raises:
        InputError: If no recipe has that name.
    """
    task, slash, method = name.rpartition("/")
    name = f"{task_name(task)}{slash}{method}"
    if name not in names():
        raise unknown("recipe", name, names())
    return read_settings(FOLDER / f"{name}.yaml")
