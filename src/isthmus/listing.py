"""Listings for `isthmus list`, one for each kind of thing; no data and no weights are loaded."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from isthmus import recipes
from isthmus.augmentation import augmentations
from isthmus.backbones import named
from isthmus.floors import floors
from isthmus.methods import methods
from isthmus.mixing import mixers
from isthmus.model import embedders
from isthmus.schedules import schedules
from isthmus.sources import sources
from isthmus.tasks import tasks

Listing = tuple[Sequence[str], Sequence[Sequence[str]]]
"""Titles of the columns, and the rows."""


def _tasks() -> Listing:
    """List the tasks with their shapes."""
    rows = [(name, entry.kind, entry.shape, entry.about) for name, entry in tasks.items()]
    return ("task", "kind", "input -> output, samples", "about"), rows


def _mixers() -> Listing:
    """List the mixers with the first lines of their docstrings."""
    return ("mixer", "about"), [(name, _first_line(mixer)) for name, mixer in mixers.items()]


def _recipes() -> Listing:
    """List the recipes with their main settings."""
    columns = ("backbone", "epochs", "optimizer", "lr")
    settings = {name: recipes.read(name) for name in recipes.names()}
    rows = [(name, *(str(values[column]) for column in columns)) for name, values in settings.items()]
    return ("recipe", *columns), rows


def _with_about(kind: str, registry: Mapping[str, Any]) -> Callable[[], Listing]:
    """Return a function that lists entries with their own descriptions."""
    return lambda: ((kind, "about"), [(name, entry.about) for name, entry in registry.items()])


def _with_options(kind: str, registry: Mapping[str, Any]) -> Callable[[], Listing]:
    """Return a function that lists classes with the first lines of their docstrings and their options."""

    def listing() -> Listing:
        rows = [(name, _first_line(thing), _options(thing)) for name, thing in registry.items()]
        return (kind, "about", "options"), rows

    return listing


def _first_line(thing: Any) -> str:
    """Return the first line of a docstring."""
    return (inspect.getdoc(thing) or "").split("\n")[0]


def _options(thing: Any) -> str:
    """Return the keyword-only parameters of a class with their defaults: "start=0.6, end=0.0"."""
    parameters = inspect.signature(thing).parameters.values()
    return ", ".join(f"{p.name}={p.default}" for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY)


LISTINGS: dict[str, Callable[[], Listing]] = {
    "tasks": _tasks,
    "methods": _with_options("method", methods),
    "embedders": _with_options("embedder", embedders),
    "augmentations": _with_options("augmentation", augmentations),
    "mixers": _mixers,
    "backbones": _with_about("backbone", named),
    "sources": _with_about("source", sources),
    "schedules": _with_options("schedule", schedules),
    "floors": _with_options("floor", floors),
    "recipes": _recipes,
}
"""Function that makes the listing of each kind."""
