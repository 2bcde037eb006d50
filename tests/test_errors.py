"""Errors say what is wrong in one line to people, and by kind and key to programs."""

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.config.schema import make_config
from isthmus.errors import InputError, unknown


def test_input_error_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="what and where"):
        raise InputError("what and where")


def test_an_error_has_a_kind_and_a_key() -> None:
    plain = InputError("epochs is 0; give 1 or more")
    assert (plain.kind, plain.key) == ("value", None)
    error = InputError("there is no file 'a.yaml'", kind="file", key=Path("a.yaml"))
    assert (error.kind, error.key) == ("file", "a.yaml")
    assert str(error) == "there is no file 'a.yaml'"


def test_an_unknown_name_is_the_key_of_its_error() -> None:
    error = unknown("seed", 7, ["one"])
    assert (error.kind, error.key) == ("unknown", "7")


def test_kind_and_key_survive_the_way_to_another_process() -> None:
    error = unknown("task", "ArowHead", ["ArrowHead"])
    for same in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (str(same), same.kind, same.key) == (str(error), "unknown", "ArowHead")


@pytest.mark.parametrize(
    ("values", "kind", "key"),
    [
        ({"task": "digits", "epoch": 5}, "unknown", "epoch"),
        ({"epochs": 5}, "missing", "task"),
        ({"task": "digits", "epochs": 0}, "value", "epochs"),
        ({"task": "digits", "method": 3}, "value", "method"),
        ({"task": "digits", "source": {"imag": "procedural"}}, "unknown", "imag"),
    ],
)
def test_settings_are_refused_by_their_own_names(
    values: dict[str, Any], kind: Any, key: str, refuses: Callable[..., Any]
) -> None:
    with refuses(kind, key):
        make_config(values)


def test_the_nearest_known_name_is_suggested() -> None:
    error = unknown("task", "ArowHead", ["OSULeaf", "ArrowHead", "digits"])
    assert (
        str(error) == "unknown task 'ArowHead'; did you mean 'ArrowHead'? known: ArrowHead, OSULeaf, digits"
    )


def test_nothing_is_suggested_where_nothing_is_near() -> None:
    error = unknown("method", "zzzz", ["pare", "nft"])
    assert str(error) == "unknown method 'zzzz'; known: nft, pare"


def test_a_name_need_not_be_a_string() -> None:
    assert str(unknown("key", 7, ["seed"])) == "unknown key '7'; known: seed"


names = st.lists(st.text("abcdefgh-", min_size=1, max_size=8), min_size=1, max_size=6, unique=True)


@given(names, st.text("abcdefgh-", min_size=1, max_size=8))
def test_every_known_name_is_named_in_one_line(known: list[str], name: str) -> None:
    message = str(unknown("thing", name, known))
    assert message.endswith("known: " + ", ".join(sorted(known)))
    assert "\n" not in message
    if name in known:
        assert f"did you mean '{name}'?" in message
