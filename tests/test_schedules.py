"""How the learning rate rises and falls."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.config import complete_options, make_config
from isthmus.schedules import schedules, warmed_up


def factors(name, warmup, steps, **options):
    factor = warmed_up(schedules[name](**options), warmup, steps)
    return [factor(step) for step in range(steps + 1)]


def test_the_default_by_hand():
    """Two of ten steps of warm-up, then half a cosine over eight."""
    expected = [0.5, 1.0] + [0.5 * (1 + math.cos(math.pi * i / 8)) for i in range(9)]
    assert factors("cosine", 0.2, 10) == expected
    assert expected[2] == 1
    assert expected[6] == pytest.approx(0.5)
    assert expected[10] == 0


@pytest.mark.parametrize(("warmup", "expected"), [(0, [1, 0.75, 0.25, 0]), (1, [1 / 3, 2 / 3, 1, 1])])
def test_the_ends_of_warm_up(warmup, expected):
    assert factors("cosine", warmup, 3) == pytest.approx(expected)


@given(
    epochs=st.integers(1, 30),
    each=st.integers(1, 9),
    rise=st.floats(0, 1),
    more=st.integers(0, 200),
)
def test_published_epochs_of_warm_up_and_of_decay(epochs, each, rise, more):
    """ORCA's: a rise over w epochs, then a line to 0 at epoch d, which may lie beyond the last one."""
    w, d = math.floor(rise * (epochs - 1)), epochs + more
    found = factors("linear", w / epochs, epochs * each, end=d / epochs)
    for step, factor in enumerate(found):
        now = step / each
        rises = (step + 1) / (w * each) if w else None
        assert factor == pytest.approx(rises if now < w else (d - now) / (d - w), abs=1e-9)


def test_a_cosine_that_ends_later():
    """Half of it is seen where it would end at twice the length."""
    assert factors("cosine", 0, 8, end=2) == factors("cosine", 0, 16)[:9]


def test_steps():
    """A fifth at each of two moments, and the Fourier operator's half at every fifth of the training."""
    assert factors("steps", 0, 10, factor=0.2, at=(0.3, 0.7)) == pytest.approx(
        [1, 1, 1, 0.2, 0.2, 0.2, 0.2, 0.04, 0.04, 0.04, 0.04]
    )
    assert factors("steps", 0, 500)[:-1] == [0.5 ** (step // 100) for step in range(500)]
    assert factors("steps", 0.4, 5, factor=0.5, at=(0.2, 0.8)) == [0.5, 1, 0.5, 0.5, 0.25, 0.25]


def test_constant():
    assert factors("constant", 0.5, 4) == [0.5, 1, 1, 1, 1]


def test_the_default_of_a_run_is_complete():
    """So that runs from before there were schedules are known again."""
    default = make_config({"task": "t"}).optim.schedule
    assert default == {"name": "cosine", "end": 1}
    assert complete_options("schedule", default, schedules["cosine"]) == default


@pytest.mark.parametrize(
    ("name", "options", "key"),
    [
        ("linear", {"end": 0.9}, "schedule.end"),
        ("cosine", {"end": 0}, "schedule.end"),
        ("steps", {"factor": 0}, "schedule.factor"),
        ("steps", {"at": (0.5, 1.5)}, "schedule.at"),
    ],
)
def test_what_no_schedule_is(name, options, key, refuses):
    with refuses("value", key):
        schedules[name](**options)
