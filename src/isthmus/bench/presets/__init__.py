"""Grids that set up the methods and the tasks of a published table, a YAML file each."""

from pathlib import Path
from typing import Any

from isthmus.config import read_settings
from isthmus.errors import unknown


def preset(name: str) -> dict[str, Any]:
    """The values of a grid, unchecked.

    Raises:
        InputError: if no preset has that name.
    """
    files = {path.stem: path for path in Path(__file__).parent.glob("*.yaml")}
    if name not in files:
        raise unknown("preset", name, files)
    return read_settings(files[name])
