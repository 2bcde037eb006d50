"""Description of a grid of runs: every task with every method, backbone and seed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)

from isthmus.aliases import task_name
from isthmus.config import read_yaml, validated
from isthmus.config.files import RENAMED
from isthmus.config.schema import SET_BY_GRID
from isthmus.errors import InputError, unknown
from isthmus.files import write_text

GRID = "grid.yaml"
"""File in a grid's folder"""

MOST_SEEDS = 10_000
"""Seeds of a grid, which are counted from 0"""

AXES = ("tasks", "methods", "backbones")


def _check_open(settings: dict[str, Any]) -> dict[str, Any]:
    for key in settings:
        if key in SET_BY_GRID:
            raise ValueError(f"'{key}' is no setting of a grid: {SET_BY_GRID[key]}")
    return settings


Settings = Annotated[dict[str, Any], AfterValidator(_check_open)]


class Point(BaseModel):
    """A point of an axis: `ArrowHead`, or `{name: ArrowHead, label: arrows, settings: {epochs: 5}}`.

    Attributes:
        name: Name of the task, the method or the backbone.
        label: Name in tables and folders; no two points of an axis have the same.
        settings: Settings of its runs, which replace those of the grid.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    label: str
    settings: Settings = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: object) -> object:
        point = {"name": value} if isinstance(value, str) else value
        if not isinstance(point, Mapping) or not isinstance(point.get("name"), str):
            raise ValueError("give a name, or a name with a label and settings")
        for key in point:
            if key not in cls.model_fields and cls.model_config.get("extra") == "forbid":
                raise unknown("key", key, cls.model_fields)
        return {"label": cls._label(point["name"]), **point}

    @classmethod
    def _label(cls, name: str) -> str:
        return name


class BackbonePoint(Point):
    """A backbone; the label of a folder or a hub name is its last part, unless another is given."""

    @classmethod
    def _label(cls, name: str) -> str:
        return Path(name).name


class MethodPoint(Point):
    """A method; keys other than name, label and settings are options of the method."""

    model_config = ConfigDict(extra="allow")

    @property
    def part(self) -> dict[str, Any]:
        """Name and options of the method, as in the settings of a run."""
        return {"name": self.name, **(self.model_extra or {})}


class TaskPoint(Point):
    """A task, by the name in the registry, whatever other name is given; that is its label too."""

    name: Annotated[str, AfterValidator(task_name)]

    @classmethod
    def _label(cls, name: str) -> str:
        return task_name(name)


def _check_labels(points: list[Any], info: ValidationInfo) -> list[Any]:
    if not points:
        raise ValueError(f"give at least one; `isthmus list {info.field_name}` shows what there is")
    labels = [point.label for point in points]
    for label in labels:
        if labels.count(label) > 1:
            raise ValueError(f"two are labelled '{label}'; give one of them another label")
    return points


def _as_list(seeds: object) -> object:
    if not isinstance(seeds, int) or isinstance(seeds, bool):
        return seeds
    if seeds > MOST_SEEDS:
        raise ValueError(f"give at most {MOST_SEEDS} seeds")
    return list(range(seeds))


def _check_seeds(seeds: list[int]) -> list[int]:
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError("give at least one seed, and each once")
    return seeds


class Grid(BaseModel):
    """Every task with every method, backbone and seed.

    Attributes:
        tasks: Tasks, in the order of the tables.
        methods: Methods, in the order of the tables.
        backbones: Backbones, in the order of the tables.
        seeds: List of seeds, or a number of seeds, counted from 0.
        settings: Settings of every run; those of a task, a backbone and a method replace them in this order.
        reference: Label of the method that the others are tested against; None for the first.
        errors: Whether tables are made of errors on test data, or on validation data, to choose something.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tasks: Annotated[list[TaskPoint], AfterValidator(_check_labels)]
    methods: Annotated[list[MethodPoint], AfterValidator(_check_labels)]
    backbones: Annotated[list[BackbonePoint], AfterValidator(_check_labels)]
    seeds: Annotated[
        list[Annotated[int, Field(ge=0)]], BeforeValidator(_as_list), AfterValidator(_check_seeds)
    ]
    settings: Settings = Field(default_factory=dict)
    reference: str | None = None
    errors: Literal["test", "validation"] = "test"

    def write(self, path: Path) -> None:
        """Write the description as YAML."""
        write_text(path, yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False))


def make_grid(values: Mapping[str, Any]) -> Grid:
    """Make a grid from plain values and check its form; `complete_grid` checks names and settings.

    Raises:
        InputError: For an unknown key (with the nearest known one) or a value that does not fit.
    """
    for key in values:
        if key not in Grid.model_fields:
            raise unknown("key of a grid", key, Grid.model_fields)
    grid: Grid = validated(Grid, values)
    labels = [method.label for method in grid.methods]
    if grid.reference not in (None, *labels):
        raise unknown("method to test against", grid.reference, labels)
    return grid


def read_grid(path: Path) -> Grid:
    """Read the grid in a folder's YAML file; settings that an earlier version named otherwise are renamed.

    Raises:
        InputError: If there is no such file, or it holds no grid.
    """
    values = read_yaml(path)
    points = [point for axis in AXES for point in values.get(axis) or () if isinstance(point, dict)]
    for owner in (values, *points):
        if isinstance(owner.get("settings"), dict):
            owner["settings"] = {RENAMED.get(name, name): v for name, v in owner["settings"].items()}
    try:
        return make_grid(values)
    except InputError as error:
        message = str(error)
        told = message if str(path) in message else f"'{path}': {message}"
        raise InputError(told, kind=error.kind, key=error.key) from None
