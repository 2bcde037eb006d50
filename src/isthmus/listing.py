"""Listings for `isthmus list`, one for each kind of thing; no data, no weights and no networks are loaded."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from isthmus import recipes
from isthmus.augmentation import augmentations
from isthmus.backbones import named
from isthmus.floors import floors
from isthmus.loggers import loggers
from isthmus.methods import methods
from isthmus.mixing import mixers
from isthmus.model import embedders
from isthmus.outline import Outline, outline
from isthmus.plugins import installed
from isthmus.registry import LazyRegistry
from isthmus.schedules import schedules
from isthmus.sources import sources
from isthmus.tasks import tasks

OPEN = {
    "tasks": "tasks",
    "sources": "sources",
    "named": "backbones",
    "families": "families of backbones",
    "embedders": "embedders",
    "methods": "methods",
    "mixers": "mixers",
    "augmentations": "augmentations",
    "schedules": "schedules",
    "floors": "floors",
    "losses": "losses",
    "metrics": "metrics",
}
"""What plug-ins add, by the variable of its registry, which is the name of the entry point"""

Listing = tuple[Sequence[str], Sequence[Sequence[str]]]
"""Titles of the columns, and the rows."""


def select(listing: Listing, text: str) -> Listing:
    """Return a listing with those rows alone that hold a text in any column, in upper or lower case."""
    header, rows = listing
    return header, [row for row in rows if any(text.lower() in cell.lower() for cell in row)]


def _tasks() -> Listing:
    """List the tasks with their shapes."""
    rows = [(name, entry.kind, entry.shape, entry.about) for name, entry in tasks.items()]
    return ("task", "kind", "input -> output, samples", "about"), rows


def _mixers() -> Listing:
    """List the mixers with the first lines of their docstrings."""
    return ("mixer", "about"), [(name, _outline(mixers, name).about) for name in mixers]


def _recipes() -> Listing:
    """List the recipes with their main settings."""
    columns = ("backbone", "epochs", "optimizer", "lr")
    settings = {name: recipes.read(name) for name in recipes.names()}
    rows = [(name, *(str(values[column]) for column in columns)) for name, values in settings.items()]
    return ("recipe", *columns), rows


def _plug_ins() -> Listing:
    """List the plug-ins that are installed, and which kinds of things they add."""
    rows = [
        (p.package, p.version, OPEN.get(p.variable, f"nothing: no kind is named '{p.variable}'"), p.module)
        for p in installed()
    ]
    return ("plug-in", "version", "adds", "from"), rows


def _with_about(kind: str, registry: Mapping[str, Any]) -> Callable[[], Listing]:
    """Return a function that lists entries with their own descriptions."""
    return lambda: ((kind, "about"), [(name, entry.about) for name, entry in registry.items()])


def _with_options(kind: str, registry: Mapping[str, Any]) -> Callable[[], Listing]:
    """Return a function that lists things with the first lines of their docstrings and their options."""

    def listing() -> Listing:
        outlines = {name: _outline(registry, name) for name in registry}
        rows = [(name, found.about, _in_words(found.options)) for name, found in outlines.items()]
        return (kind, "about", "options"), rows

    return listing


def _outline(registry: Mapping[str, Any], name: str) -> Outline:
    """Return what a thing says of itself, from its source where its module need not be imported for it."""
    module = registry.module(name) if isinstance(registry, LazyRegistry) else None
    if module is not None:
        return outline(module, name)
    parameters = inspect.signature(registry[name]).parameters.values()
    options = {p.name: str(p.default) for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}
    return Outline((inspect.getdoc(registry[name]) or "").split("\n")[0], options)


def _in_words(options: Mapping[str, str]) -> str:
    """Return options as text: "start=0.6, end=0.0"."""
    return ", ".join(f"{name}={default}" for name, default in options.items())


LISTINGS: dict[str, Callable[[], Listing]] = {
    "tasks": _tasks,
    "methods": _with_options("method", methods),
    "embedders": _with_options("embedder", embedders),
    "augmentations": _with_options("augmentation", augmentations),
    "mixers": _mixers,
    "backbones": _with_about("backbone", named),
    "sources": _with_about("source", sources),
    "schedules": _with_options("schedule", schedules),
    "loggers": _with_options("logger", loggers),
    "floors": _with_options("floor", floors),
    "recipes": _recipes,
    "plugins": _plug_ins,
}
"""Function that makes the listing of each kind."""
