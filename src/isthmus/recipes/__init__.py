"""Published settings, a YAML file for each task and method: `nasbench360/ninapro/pare`."""

from pathlib import Path
from typing import Any

from isthmus.config import read_settings
from isthmus.errors import unknown

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Every recipe: BENCHMARK/TASK/METHOD."""
    paths = (path.relative_to(FOLDER) for path in FOLDER.rglob("*.yaml"))
    return sorted(path.with_suffix("").as_posix() for path in paths)


def read(name: str) -> dict[str, Any]:
    """The settings of a recipe, as `isthmus.fit` takes them: `fit(**read("nasbench360/ninapro/pare"))`.

    Raises:
        InputError: if no recipe has that name.
    """
    if name not in names():
        raise unknown("recipe", name, names())
    return read_settings(FOLDER / f"{name}.yaml")
