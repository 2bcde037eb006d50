"""The settings: their names, types, ranges and groups, and what is said of wrong ones."""

from collections.abc import Callable, Mapping
from functools import reduce
from operator import or_
from pathlib import PurePath
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from isthmus.config import RunConfig, Settings, complete_options, make_config
from isthmus.config.resolve import REGISTRIES
from isthmus.config.schema import GROUPS, SET_BY_GRID, SETTINGS, Setting


def keyword_type(setting: Setting) -> Any:
    """Return the type that a keyword has whose values the setting takes."""
    written = written_type(setting.type)
    if setting.name in REGISTRIES:
        return str | written
    return str | PurePath if setting.name == "backbone" else written


def written_type(annotation: Any) -> Any:
    """Return the type of what people write: any mapping for a dict, a list for a tuple, ranges left out."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return written_type(inner[0])
    if origin in (Union, UnionType):
        return reduce(or_, map(written_type, inner))
    if origin is dict:
        mapping: Any = Mapping
        return mapping[inner[0], written_type(inner[1])]
    if origin is tuple:
        members = tuple(item if item is Ellipsis else written_type(item) for item in inner)
        return tuple[members] | list[members[0]]  # type: ignore[valid-type]
    return annotation


def test_the_keywords_for_type_checkers_are_those_of_the_schema() -> None:
    assert Settings.__total__ is False
    hints = get_type_hints(Settings)
    assert set(hints) == set(SETTINGS)
    assert hints == {name: keyword_type(setting) for name, setting in SETTINGS.items()}


def test_types_are_compared_to_the_last_member() -> None:
    """Else the test above could not fail."""
    assert written_type(tuple[Annotated[float, 1], ...]) == tuple[float, ...] | list[float]
    assert written_type(dict[str, Annotated[float, 1]] | None) == Mapping[str, float] | None
    assert written_type(Literal["a", "b"]) != written_type(Literal["a"])


def test_every_setting_is_of_one_group_and_is_described() -> None:
    assert [*RunConfig.model_fields] == ["task", "seed", "method", *GROUPS]
    for name, setting in SETTINGS.items():
        model = GROUPS[setting.group] if setting.group else RunConfig
        assert name in model.model_fields
        assert setting.description.endswith(".")
    names = [name for group in GROUPS.values() for name in group.model_fields]
    assert len(set(names)) == len(names)
    assert set(SET_BY_GRID) <= {"task", *SETTINGS}


def test_settings_are_given_flat_and_kept_in_groups() -> None:
    config = make_config({"task": "x", "lr": "1e-4", "epochs": 3, "backbone": PurePath("a/b"), "seed": 2})
    assert (config.optim.lr, config.optim.epochs, config.model.backbone, config.seed) == (1e-4, 3, "a/b", 2)
    given = {"task": "x", "lr": 1e-4, "epochs": 3, "backbone": "a/b", "seed": 2}
    assert config.flat(only_given=True) == given
    everything = {name: setting.default for name, setting in SETTINGS.items()} | given
    assert config.flat() == everything
    assert config.updated(epochs=4, dropout=False).flat(only_given=True) == given | {
        "epochs": 4,
        "dropout": False,
    }
    assert config.optim.epochs == 3


def test_options_come_from_the_signature(refuses: Callable[..., Any]) -> None:
    def make(first: int, *, start: float = 0.6, name_of: str = "a") -> None: ...

    assert complete_options("thing", {"name": "t", "start": "0.25"}, make) == {
        "name": "t",
        "start": 0.25,
        "name_of": "a",
    }
    with refuses("unknown", "strat"):
        complete_options("thing", {"name": "t", "strat": 1}, make)
    with refuses("value", "thing.start"):
        complete_options("thing", {"name": "t", "start": float("inf")}, make)


@pytest.mark.parametrize(
    ("values", "kind", "key"),
    [
        ({"task": "x", "epoch": 3}, "unknown", "epoch"),
        ({"task": "x", "optim": {"epochs": 3}}, "unknown", "optim"),
        ({"task": "x", "epochs": 0}, "value", "epochs"),
        ({"task": "x", "optimizer": "adagrad"}, "value", "optimizer"),
        ({"task": "x", "validation": 1.5}, "value", "validation"),
        ({}, "missing", "task"),
        (
            {"task": "x", "method": {"start": 1}},
            "value",
            "method",
        ),
        ({"task": "x", "embedder": ["patch"]}, "value", "embedder"),
        ({"task": "x", "lr": float("nan")}, "value", "lr"),
        ({"task": "x", "lr_scale": {"gate": -1}}, "value", "lr_scale.gate"),
        ({"task": "x", "betas": [0.9, 1]}, "value", "betas.1"),
        ({"task": "x", "betas": [0.9]}, "missing", "betas.1"),
        ({"task": "x", "momentum": 1}, "value", "momentum"),
        ({"task": "x", "momentum": 0, "nesterov": True}, "value", "nesterov"),
        ({"task": "x", "freeze": ["queries"]}, "value", "freeze.0"),
        (
            {"task": "x", "source": 3},
            "value",
            "source",
        ),
        ({"task": "x", "source": {"imag": "a"}}, "unknown", "imag"),
        ({"task": "x", "source": {"image": 3}}, "value", "source"),
        ({"task": "x", "precision": 8}, "value", "precision"),
        ({"task": "x", "epochs": "1\n2"}, "value", "epochs"),
    ],
)
def test_bad_settings_are_said(
    values: dict[str, object], kind: Any, key: str, refuses: Callable[..., Any]
) -> None:
    with refuses(kind, key):
        make_config(values)
