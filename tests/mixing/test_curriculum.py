"""How the replaced fraction goes down."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.mixing import CURRICULA, curriculum

FRACTIONS = st.floats(0, 1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("constant", [38, 38, 38, 38, 38]),  # round(0.6 * 64)
        ("linear", [38, 29, 19, 10, 0]),  # 0.6, 0.45, 0.3, 0.15, 0 of 64
        ("piecewise", [38, 38, 19, 0, 0]),  # 0.6, 0.6, 0.3, 0, 0
        ("exponential", [38, 12, 3, 1, 0]),  # 0.6 (100^(1-p) - 1) / 99: 0.6, 0.1856, 0.0545, 0.0131, 0
    ],
)
def test_k_of_64_tokens_by_hand(name: str, expected: list[int]) -> None:
    fraction = curriculum(name, 0.6, 0.0)
    assert [round(64 * fraction(progress)) for progress in (0, 0.25, 0.5, 0.75, 1)] == expected


def test_the_published_schedule_by_epoch() -> None:
    """k = int(k_0 - dk * e / E), as published for two dimensions: k_0 = 2000, dk = 1500, L = 3136, E = 60."""
    fraction = curriculum("linear", 2000 / 3136, 500 / 3136)
    by_hand = {0: 2000, 1: 1975, 10: 1750, 30: 1250, 45: 875, 60: 500}
    assert {epoch: round(3136 * fraction(epoch / 60)) for epoch in by_hand} == by_hand


def test_exponential_is_geometric() -> None:
    fraction = curriculum("exponential", 0.64, 0.16)
    assert [fraction(p) for p in (0, 0.5, 1)] == pytest.approx([0.64, 0.32, 0.16])


@given(st.sampled_from(sorted(CURRICULA)), FRACTIONS, FRACTIONS, st.integers(2, 50))
def test_never_rises_and_meets_both_ends(name: str, one: float, other: float, steps: int) -> None:
    start, end = max(one, other), min(one, other)
    fraction = curriculum(name, start, end)
    values = [fraction(step / (steps - 1)) for step in range(steps)]
    assert values[0] == pytest.approx(start)
    assert values[-1] == pytest.approx(start if name == "constant" else end)
    assert all(later <= earlier + 1e-12 for earlier, later in pairwise(values))
    assert all(-1e-12 <= value <= 1 + 1e-12 for value in values)


@pytest.mark.parametrize(
    ("arguments", "kind", "key"),
    [
        (("linaer", 0.5, 0), "unknown", "linaer"),
        (("linear", 1.2, 0), "value", "start"),
        (("linear", 0.5, -0.1), "value", "end"),
        (("linear", 0.2, 0.5), "conflict", "end"),
    ],
)
def test_bad_input_is_said(
    arguments: tuple[str, float, float], kind: Any, key: str, refuses: Callable[..., Any]
) -> None:
    with refuses(kind, key):
        curriculum(*arguments)
