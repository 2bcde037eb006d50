"""A complete description as YAML: for a run's folder, and with comments for people."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from isthmus.config.description import KEYS, Description
from isthmus.tasks.custom.contents import open_contents
from isthmus.tasks.custom.names import shortened

PLACES = ("data", "test")
"""Keys that name files, which a run does not keep"""


def remembered(description: Description) -> str:
    """Return what a run keeps of a description: names, layout, fill values, windows, and no paths.

    Args:
        description: Complete description of the run's task.
    """
    left_out = {*PLACES, "name", "about"} | ({"x_test", "y_test"} if description.test else set())
    values = _plain(description)
    return "".join(_line(name, values[name]) for name in values if name not in left_out)


def complete(description: Description) -> str:
    """Return a complete description with the absolute paths of its files, from which a task is made again."""
    values = _plain(description)
    values |= {name: str(Path(values[name]).absolute()) for name in PLACES if name in values}
    return "".join(_line(name, value) for name, value in values.items())


def explained(description: Description, told: Iterable[tuple[str, str]], folder: Path) -> str:
    """Return a complete description with a comment for each key, to be read and changed.

    Args:
        description: Complete description of a task.
        told: What was understood of the file, titles and texts.
        folder: Folder that the description will be in, to which its paths are relative.
    """
    contents = open_contents(description.data)
    values = _plain(description)
    for name in ("x", "y"):
        values[name] = _listed(shortened(getattr(description, name), contents))
    for name in PLACES:
        if name in values:
            values[name] = str(_relative(Path(values[name]), folder))
    lines = [f"# {title or ' ':8} {text}\n" for title, text in told]
    for key in KEYS.values():
        text = _line(key.name, values[key.name]) if key.name in values else f"# {key.name}:\n"
        lines.append(f"\n# {key.about}\n{text}")
    return "".join(lines)


def _plain(description: Description) -> dict[str, Any]:
    """Return the keys that have a value, with plain values."""
    values: Mapping[str, Any] = description.model_dump(mode="json")
    return {name: values[name] for name in KEYS if values[name] not in (None, [], "") or name == "seed"}


def _listed(names: Any) -> Any:
    return list(names) if isinstance(names, tuple) else names


def _line(name: str, value: Any) -> str:
    """Return a key and its value in one line."""
    text: str = yaml.safe_dump([value], default_flow_style=True, width=10**9, allow_unicode=True)
    return f"{name}: {text.strip()[1:-1]}\n"


def _relative(path: Path, folder: Path) -> Path:
    """Return a path from a folder on, if it lies in it."""
    path, folder = path.absolute(), folder.absolute()
    return path.relative_to(folder) if path.is_relative_to(folder) else path
