"""What is read from source is what Python itself says of the imported thing."""

import inspect
from typing import Any

import pytest

from isthmus.augmentation import augmentations
from isthmus.backbones import families, named
from isthmus.listing import LISTINGS
from isthmus.methods import methods
from isthmus.mixing import mixers
from isthmus.model import embedders
from isthmus.outline import outline
from isthmus.registry import LazyRegistry
from isthmus.tasks.losses import losses
from isthmus.tasks.metrics import metrics

OUTLINED: dict[str, LazyRegistry[Any]] = {
    "methods": methods,
    "embedders": embedders,
    "augmentations": augmentations,
    "mixers": mixers,
}
LAZY: dict[str, LazyRegistry[Any]] = {
    **OUTLINED,
    "families": families,
    "named": named,
    "losses": losses,
    "metrics": metrics,
}


@pytest.mark.parametrize("kind", OUTLINED)
def test_about_and_options(kind):
    registry = OUTLINED[kind]
    for name, thing in registry.items():
        found = outline(registry.module(name), name)
        parameters = inspect.signature(thing).parameters.values()
        options = {p.name: str(p.default) for p in parameters if p.kind is p.KEYWORD_ONLY}
        assert (found.about, found.options) == (inspect.getdoc(thing).split("\n")[0], options), name


def test_inherited_options_are_among_them():
    """Else the test above would check the simplest case alone."""
    listed = {name: options for name, _, options in LISTINGS["methods"]()[1]}
    inherited = [
        name for name, options in listed.items() if options and "__init__" not in vars(methods[name])
    ]
    assert inherited


@pytest.mark.parametrize("kind", LAZY)
def test_what_is_registered_is_what_the_source_says(kind):
    """A name that is no literal would be found neither in a list nor on look-up."""
    registry = LAZY[kind]
    assert all(registry[name] is not None for name in registry)
    assert set(registry._things) == set(registry._modules())
