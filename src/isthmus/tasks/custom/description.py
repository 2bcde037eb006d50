"""Descriptions of the user's data: a short YAML file that says which contents are x and y."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from isthmus.config import validated
from isthmus.errors import InputError, unknown
from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Names
from isthmus.tasks.custom.limits import check_path
from isthmus.tasks.loading import tasks
from isthmus.tasks.problem_types import problem_types

YAML = (".yaml", ".yml")


class Description(BaseModel):
    """Which contents of data files are x and y. Several names are put side by side: columns become a series.

    Attributes:
        data: File or folder; in a YAML file, relative to its folder.
        x: Name or names of the samples' arrays, datasets or columns; None for the default ones.
        y: Name or names of the targets; None for the default one.
        kind: A name in `problem_types`; None for classification of integers and text, regression of other
            numbers.
        test: A second file or folder, of test data.
        x_test: Name or names of the test samples in `test`, by default those of `x`; without `test`, in
            `data`.
        y_test: Name or names of the test targets in `test`, by default those of `y`; without `test`, in
            `data`.
        hold_out: Part of the samples to hold out as test data, in place of `test`.
        seed: Seed of the choice of held-out samples.
        name: Name of the task; by default that of the file.
        about: One line about the task.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, coerce_numbers_to_str=True)

    data: Path
    x: Names | None = None
    y: Names | None = None
    kind: str | None = None
    test: Path | None = None
    x_test: Names | None = None
    y_test: Names | None = None
    hold_out: float | None = Field(None, gt=0, lt=1)
    seed: int = Field(0, ge=0)
    name: str = ""
    about: str = ""


def describe(data: Path | str | None = None, description: Path | str | None = None) -> Description:
    """Make a complete description from the arguments and a YAML file.

    Args:
        data: File or folder of data, or a `.yaml` file that describes it.
        description: Such a `.yaml` file; `data` takes precedence over the data it names.

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
    values = {} if description is None else _read(Path(description))
    if data is not None:
        values["data"] = Path(data)
    complete = validated(Description, values, "")
    assert isinstance(complete, Description)
    _check(complete)
    check_path(complete.data)
    name = complete.name or complete.data.resolve().stem
    if name in tasks:
        raise InputError(
            f"there is a task '{name}' already; give yours another name, in a description or the file's",
            kind="conflict",
            key=name,
        )
    return complete.model_copy(update={"name": name})


def _read(path: Path) -> dict[str, Any]:
    """Read the values of a description, with paths relative to its folder."""
    with reading(path, "YAML"):
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
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
