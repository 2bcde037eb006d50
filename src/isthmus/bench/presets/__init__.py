"""Presets: grids with the methods and the tasks of a published table, a YAML file each."""

from pathlib import Path
from typing import Any

from isthmus.config import read_settings
from isthmus.errors import unknown


def preset(name: str) -> dict[str, Any]:
    """Read the description of a preset grid; its names and settings are not checked yet.

    Args:
        name: Name of the published table: "table1".

    Raises:
        InputError: If no preset has that name.
    """
    files = {path.stem: path for path in Path(__file__).parent.glob("*.yaml")}
    if name not in files:
        raise unknown("preset", name, files)
    return read_settings(files[name])
