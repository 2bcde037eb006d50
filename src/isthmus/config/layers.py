"""Settings from a file, with what else is given laid over them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isthmus.config.files import SCHEMA, read_yaml, settings_in
from isthmus.config.resolve import ALWAYS_USED
from isthmus.config.schema import make_config
from isthmus.methods import methods


def read_used_settings(path: Path) -> dict[str, Any]:
    """Read the settings in a file.

    A run of the earlier schema kept settings that its method does not use; those are left out.

    Raises:
        InputError: If there is no such file, it holds no settings, or they are of another schema.
    """
    file = read_yaml(path)
    settings = settings_in(file, path)
    if file.get("schema", SCHEMA) == SCHEMA:
        return settings
    used = _used_by(settings)
    return {name: value for name, value in settings.items() if name in used}


def without_unused(settings: Mapping[str, Any], file: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings without those that a file has for its own method, if another was asked for.

    Args:
        settings: Settings of the file, and what was given laid over them.
        file: Settings of the file.

    Raises:
        InputError: For an unknown setting or method, or a value that does not fit.
    """
    used = _used_by(settings)
    if used == _used_by(file):
        return dict(settings)
    return {
        name: value
        for name, value in settings.items()
        if name in used or name not in file or value != file[name]
    }


def _used_by(settings: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the settings that the method among some settings uses."""
    method = make_config({"task": "", **settings}).method["name"]
    return methods[method].settings | ALWAYS_USED
