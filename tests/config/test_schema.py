"""The settings: their names, types, ranges and groups, and what is said of wrong ones."""

from collections.abc import Mapping
from pathlib import PurePath
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from isthmus.config import RunConfig, Settings, complete_options, make_config
from isthmus.config.resolve import REGISTRIES
from isthmus.config.schema import GROUPS, SET_BY_GRID, SETTINGS, Setting
from isthmus.errors import InputError


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
        return Union[tuple(map(written_type, inner))]  # noqa: UP007
    if origin is dict:
        return Mapping[inner[0], written_type(inner[1])]  # type: ignore[valid-type]
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


def test_options_come_from_the_signature() -> None:
    def make(first: int, *, start: float = 0.6, name_of: str = "a") -> None: ...

    assert complete_options("thing", {"name": "t", "start": "0.25"}, make) == {
        "name": "t",
        "start": 0.25,
        "name_of": "a",
    }
    with pytest.raises(InputError, match=r"unknown option of the thing 't' 'strat'; did you mean 'start'\?"):
        complete_options("thing", {"name": "t", "strat": 1}, make)
    with pytest.raises(
        InputError, match=r"the setting 'thing.start' is inf: input should be a finite number"
    ):
        complete_options("thing", {"name": "t", "start": float("inf")}, make)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"task": "x", "epoch": 3}, "unknown setting 'epoch'; did you mean 'epochs'"),
        ({"task": "x", "optim": {"epochs": 3}}, "unknown setting 'optim'; did you mean 'optimizer'"),
        ({"task": "x", "epochs": 0}, "'epochs' is 0: input should be greater than or equal to 1"),
        ({"task": "x", "optimizer": "adagrad"}, "'optimizer' is 'adagrad'"),
        ({"task": "x", "validation": 1.5}, "'validation' is 1.5"),
        ({}, "the setting 'task' is missing"),
        (
            {"task": "x", "method": {"start": 1}},
            "'method' is {'start': 1}: give a name, or a name and its options",
        ),
        ({"task": "x", "embedder": ["patch"]}, r"'embedder' is \['patch'\]: give a name"),
        ({"task": "x", "lr": float("nan")}, "'lr' is nan: input should be a finite number"),
        ({"task": "x", "lr_scale": {"gate": -1}}, "'lr_scale.gate' is -1"),
        ({"task": "x", "betas": [0.9, 1]}, "'betas.1' is 1: input should be less than 1"),
        ({"task": "x", "betas": [0.9]}, "the setting 'betas.1' is missing"),
        ({"task": "x", "momentum": 1}, "'momentum' is 1: input should be less than 1"),
        ({"task": "x", "momentum": 0, "nesterov": True}, "'nesterov' is True: it needs a momentum above 0"),
        ({"task": "x", "freeze": ["queries"]}, "'freeze.0' is 'queries': input should be 'query', 'key' or"),
        (
            {"task": "x", "source": 3},
            "'source' is 3: give a name, or a name for each modality, such as {image:",
        ),
        ({"task": "x", "source": {"imag": "a"}}, "unknown modality 'imag'; did you mean 'image'"),
        ({"task": "x", "source": {"image": 3}}, "'source' is {'image': 3}: give a name, or a name for each"),
        ({"task": "x", "precision": 8}, "'precision' is '8'"),
        ({"task": "x", "epochs": "1\n2"}, r"'epochs' is '1\\n2'"),
    ],
)
def test_bad_settings_are_said(values: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_config(values)
