"""A short YAML file that says what is x, what is y, and which kind of output."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from isthmus.config import validated
from isthmus.errors import InputError, unknown
from isthmus.store.reading import reading
from isthmus.tasks.custom.contents import Names
from isthmus.tasks.loading import tasks
from isthmus.tasks.problem_types import problem_types

YAML = (".yaml", ".yml")


class Description(BaseModel):
    """What is what in files of data. Several names are put side by side: columns become a series.

    Attributes:
        data: file or folder; in a YAML file, relative to where that lies.
        x, y: names of arrays, data sets or columns; None for the usual ones.
        kind: a name in `problem_types`; None for classification of integers and text, regression of other numbers.
        test: a second file or folder, of test data.
        x_test, y_test: names in it, by default those of x and y; without `test`, names in `data`.
        hold_out: part of the samples to hold out as test data instead.
        seed: of the choice of these.
        name: of the task; by default that of the file.
        about: one line.
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
    """A complete description, of what is given and what a file says.

    Args:
        data: file or folder of data; or a `.yaml` file that describes it.
        description: such a file; its own `data` gives way to `data`.

    Raises:
        InputError: for an unknown key (with the nearest known one), a value that does not fit, values that
            exclude one another, or a name that is another task's.
    """
    if data is not None and Path(data).suffix.lower() in YAML:
        if description is not None:
            raise InputError(f"'{data}' and '{description}' both describe the data; give one of them")
        data, description = None, data
    values = {} if description is None else _read(Path(description))
    if data is not None:
        values["data"] = Path(data)
    said = validated(Description, values, "")
    assert isinstance(said, Description)
    _check(said)
    name = said.name or said.data.resolve().stem
    if name in tasks:
        raise InputError(
            f"there is a task '{name}' already; give yours another name, in a description or the file's"
        )
    return said.model_copy(update={"name": name})


def _read(path: Path) -> dict[str, Any]:
    """The values in a description, its paths from where it lies."""
    with reading(path, "YAML"):
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(values, dict):
        raise InputError(f"'{path}' describes nothing: expected keys such as data, x, y, kind")
    for key in values:
        if key not in Description.model_fields:
            raise unknown(f"key in '{path}':", key, Description.model_fields)
    paths = {key: path.parent / values[key] for key in ("data", "test") if isinstance(values.get(key), str)}
    return values | paths


def _check(said: Description) -> None:
    if said.kind is not None:
        problem_types[said.kind]
    names = said.x_test is not None or said.y_test is not None
    if said.hold_out is not None and (said.test is not None or names):
        raise InputError("hold_out makes test data of training data; give it, or test, x_test, y_test")
    if names and said.test is None and (said.x_test is None or said.y_test is None):
        raise InputError("give both x_test and y_test, or neither")
