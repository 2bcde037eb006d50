"""What is searched, as users write it, held to the schema."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.config.files import lay
from isthmus.config.schema import make_config
from isthmus.methods import methods
from isthmus.tuning.space import USUAL, Choices, Range, assigned, parsed, search_space

optuna = pytest.importorskip("optuna")


def test_ranges_choices_and_names():
    asked = assigned(
        ["lr=1e-5..1e-3", "epochs=2..9", "batch_size=[8, null]", "optimizer", "dropout", "method.start=0..1"]
    )
    assert {name: parsed(name, value, {}) for name, value in asked.items()} == {
        "lr": Range(1e-5, 1e-3),
        "epochs": Range(2, 9),
        "batch_size": Choices((8, None)),
        "optimizer": Choices(("adamw", "adam", "sgd")),
        "dropout": Choices((True, False)),
        "method.start": Range(0.0, 1.0),
    }
    assert isinstance(parsed("method.start", "0..1", {}).low, float)


@given(low=st.floats(1e-9, 1e9), ratio=st.floats(1.01, 1e9))
def test_wide_ranges_are_searched_by_the_logarithm(low, ratio):
    found = parsed("lr", f"{low!r}..{low * ratio!r}", {})
    assert found == Range(low, low * ratio)
    assert found.is_logarithmic == (low * ratio / low >= 10)


@pytest.mark.parametrize(("kind", "key", "name", "value"), [
    ("unknown", "lrr", "lrr", "1..2"),
    ("unknown", "strat", "method.strat", "0..1"),
    ("conflict", "epochs.x", "epochs.x", "0..1"),
    ("missing", "lr", "lr", None),
    ("value", "lr", "lr", "2..1"),
    ("value", "lr", "lr", "a..b"),
    ("value", "epochs", "epochs", "1.5..2"),
    ("value", "lr", "lr", 0.1),
    ("value", "lr", "lr", []),
])  # fmt: skip
def test_what_cannot_be_searched(kind, key, name, value, refuses):
    with refuses(kind, key):
        parsed(name, value, {})


def test_what_is_usual_fits_every_method_and_leaves_what_was_given():
    for name, method in methods.items():
        space = search_space(None, {"method": name}, method.settings)
        assert space.keys() <= USUAL.keys()
        assert {part for part in space if "." not in part} <= method.settings
        for part, searched in space.items():
            for value in searched.ends():
                make_config({"task": "", **lay({"method": name}, {part: value})})
    given = {"method": {"name": "pare", "start": 0.3}, "lr": 1e-3}
    assert search_space(None, given, methods["pare"].settings).keys() == USUAL.keys() - {"lr", "method.start"}
