"""What `isthmus list` shows, a table for each kind of thing; no data and no weights are loaded."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from isthmus import recipes
from isthmus.augmentation import augmentations
from isthmus.backbones import named
from isthmus.methods import methods
from isthmus.mixing import mixers
from isthmus.model import embedders
from isthmus.schedules import schedules
from isthmus.sources import sources
from isthmus.tasks import tasks

Table = tuple[Sequence[str], Sequence[Sequence[str]]]


def _tasks() -> Table:
    rows = [(name, entry.kind, entry.shape, entry.about) for name, entry in tasks.items()]
    return ("task", "kind", "input -> output, samples", "about"), rows


def _with_about(what: str, registry: Mapping[str, Any]) -> Callable[[], Table]:
    return lambda: ((what, "about"), [(name, entry.about) for name, entry in registry.items()])


def _with_options(what: str, registry: Mapping[str, Any]) -> Callable[[], Table]:
    def rows() -> Table:
        return (what, "about", "options"), [
            (n, _first_line(thing), _options(thing)) for n, thing in registry.items()
        ]

    return rows


def _first_line(thing: Any) -> str:
    return (inspect.getdoc(thing) or "").split("\n")[0]


def _options(thing: Any) -> str:
    parameters = inspect.signature(thing).parameters.values()
    return ", ".join(f"{p.name}={p.default}" for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY)


def _mixers() -> Table:
    return ("mixer", "about"), [(name, _first_line(mixer)) for name, mixer in mixers.items()]


def _recipes() -> Table:
    shown = ("backbone", "epochs", "optimizer", "lr")
    found = {name: recipes.read(name) for name in recipes.names()}
    return ("recipe", *shown), [(name, *(str(has[key]) for key in shown)) for name, has in found.items()]


LISTINGS: dict[str, Callable[[], Table]] = {
    "tasks": _tasks,
    "methods": _with_options("method", methods),
    "embedders": _with_options("embedder", embedders),
    "augmentations": _with_options("augmentation", augmentations),
    "mixers": _mixers,
    "backbones": _with_about("backbone", named),
    "sources": _with_about("source", sources),
    "schedules": _with_options("schedule", schedules),
    "recipes": _recipes,
}
