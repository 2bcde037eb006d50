"""Options that are out of range are refused in one wording."""

from collections.abc import Callable
from typing import Any

import pytest

from isthmus.methods.options import check_at_least, check_dropout


def test_options_in_range_and_absent_ones_pass() -> None:
    check_at_least(1, "wrn", width=1, widen=None)
    check_dropout("wrn", 0.0)


def test_the_first_option_below_the_minimum_is_named(refuses: Callable[..., Any]) -> None:
    with refuses("value", "method.cells"):
        check_at_least(1, "darts", width=4, cells=0, positions=-1)


@pytest.mark.parametrize("dropout", [-0.1, 1.0])
def test_a_dropout_rate_out_of_range(dropout: float, refuses: Callable[..., Any]) -> None:
    with refuses("value", "method.dropout"):
        check_dropout("wrn", dropout)
