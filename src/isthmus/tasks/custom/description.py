"""Descriptions of the user's data: a short YAML file that says which contents are x and y."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isthmus.config import validated
from isthmus.config.description import Description
from isthmus.config.plain_text import parse_yaml
from isthmus.errors import InputError, unknown
from isthmus.files import check_path
from isthmus.store.reading import reading
from isthmus.tasks.custom.layout import layouts
from isthmus.tasks.custom.missing import fills
from isthmus.tasks.custom.windows import window_labels
from isthmus.tasks.loading import tasks
from isthmus.tasks.problem_types import problem_types

YAML = (".yaml", ".yml")


def describe(
    data: Path | str | None = None,
    description: Path | str | None = None,
    keys: Mapping[str, Any] | None = None,
) -> Description:
    """Make a complete description from the arguments and a YAML file.

    Args:
        data: File or folder of data, or a `.yaml` file that describes it.
        description: Such a `.yaml` file; `data` takes precedence over the data it names.
        keys: Keys and values that take precedence over those of the file.

    Raises:
        InputError: For an unknown key (with the nearest known one), a value that does not fit, values that
            exclude one another, or a name that another task has.
    """
    if data is not None and Path(data).suffix.lower() in YAML:
        if description is not None:
            raise InputError(
                f"'{data}' and '{description}' both describe the data; give one of them",
                kind="conflict",
                key="description",
            )
        data, description = None, data
    complete = _complete(data, description, keys or {})
    check_path(complete.data)
    return _named(complete)


def describe_in_memory(
    name: str, description: Path | str | None = None, keys: Mapping[str, Any] | None = None
) -> Description:
    """Make a complete description of data in memory from the arguments and a YAML file, as `describe` does.

    Args:
        name: What the data is called in messages, and the task if nothing else names it.
        description: A `.yaml` file; the data that it names is not read.
        keys: Keys and values that take precedence over those of the file.
    """
    return _named(_complete(name, description, keys or {}))


def _complete(
    data: Path | str | None, description: Path | str | None, keys: Mapping[str, Any]
) -> Description:
    """Make a complete description, of data that may not be a file."""
    values = {} if description is None else _read(Path(description))
    if data is not None:
        values["data"] = Path(data)
    for key in keys:
        if key not in Description.model_fields:
            raise unknown("key of a description", key, Description.model_fields)
    complete = validated(Description, values | dict(keys))
    _check(complete)
    return complete


def read_description(path: Path) -> Description:
    """Read what a run remembers of how its data was read, which names no file.

    Raises:
        InputError: If the file is damaged.
    """
    with reading(path, "a description"):
        return Description(data=Path(), **_read(path))


def _named(description: Description) -> Description:
    """Return the description with the name of the task, that of the file where none is given.

    Raises:
        InputError: If another task has it.
    """
    name = description.name or description.data.resolve().stem
    if name in tasks:
        raise InputError(
            f"there is a task '{name}' already; give yours another name: --name",
            kind="conflict",
            key=name,
        )
    return description.model_copy(update={"name": name})


def _read(path: Path) -> dict[str, Any]:
    """Read the values of a description, with paths relative to its folder."""
    check_path(path)
    with reading(path, "YAML"):
        values = parse_yaml(path.read_text(encoding="utf-8"))
    if not isinstance(values, dict):
        raise InputError(
            f"'{path}' describes nothing: expected keys such as data, x, y, kind", kind="file", key=path
        )
    for key in values:
        if key not in Description.model_fields:
            raise unknown(f"key in '{path}':", key, Description.model_fields)
    paths = {key: path.parent / values[key] for key in ("data", "test") if isinstance(values.get(key), str)}
    return values | paths


def _check(description: Description) -> None:
    """Refuse an unknown kind, and values that exclude one another."""
    if description.kind is not None:
        problem_types[description.kind]
    for name, known in (("layout", layouts), ("window_label", window_labels), ("fill", fills)):
        value = getattr(description, name)
        if isinstance(value, str):
            known[value]
    if description.window is None and (description.stride or description.window_label):
        raise InputError(
            "stride and window_label say how windows are made; give window, their number of points",
            kind="missing",
            key="window",
        )
    x_test, y_test = description.x_test is not None, description.y_test is not None
    if description.hold_out is not None and (description.test is not None or x_test or y_test):
        raise InputError(
            "hold_out makes test data of training data; give it, or test, x_test, y_test",
            kind="conflict",
            key="hold_out",
        )
    if x_test != y_test and description.test is None:
        raise InputError(
            "give both x_test and y_test, or neither", kind="missing", key="y_test" if x_test else "x_test"
        )
