"""The line says which is better, by how much, and only what the interval bears out."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.floors.comparison import FloorComparison, FloorErrors


def comparison(
    difference: float | None, between: tuple[float, float] | None, **more: object
) -> FloorComparison:
    values = {
        "method": "pare",
        "metric": "error",
        "measured_on": "test",
        "samples": 100,
        "error": 0.12,
        "interval": (0.08, 0.17),
        "floors": {
            "constant": FloorErrors(0.6, 0.65, ""),
            "logistic-regression": FloorErrors(0.05, 0.04, "1,000 of 5,000 training samples"),
        },
        "left_out": {"minirocket": "it needs the package aeon"},
        "best": "logistic-regression",
        "difference": difference,
        "difference_interval": between,
        "seconds": {"constant": 0.0, "logistic-regression": 1.24},
    }
    return FloorComparison(**{**values, **more})


REACHED = "pare: test error 0.12 [0.08, 0.17]; logistic regression has 0.05: "


@pytest.mark.parametrize(
    ("difference", "interval", "said"),
    [
        (0.07, (0.02, 0.12), "simpler does better by 0.07 [0.02, 0.12]"),
        (-0.07, (-0.12, -0.02), "pare does better by 0.07 [0.02, 0.12]"),
        (
            0.01,
            (-0.02, 0.04),
            "the difference of 0.01 [-0.02, 0.04] may be chance, so that pare is not shown to be worth it",
        ),
        (
            0.01,
            (0.0, 0.04),
            "the difference of 0.01 [0, 0.04] may be chance, so that pare is not shown to be worth it",
        ),
        (0.07, None, "too few samples to tell them apart"),
    ],
)
def test_the_line(difference: float, interval: tuple[float, float] | None, said: str) -> None:
    assert comparison(difference, interval).verdict == REACHED + said


@given(st.floats(-1, 1), st.floats(0, 0.5), st.floats(0, 0.5))
def test_one_is_called_better_only_where_the_whole_interval_says_so(
    d: float, below: float, above: float
) -> None:
    verdict = comparison(d, (d - below, d + above)).verdict
    assert ("simpler does better" in verdict) == (d - below > 0)
    assert ("pare does better" in verdict) == (d + above < 0)
    assert "\n" not in verdict


def test_without_data_to_measure_on_the_line_says_so() -> None:
    found = comparison(None, None, error=None, interval=None, measured_on=None)
    said = "pare: no data to measure it on beside the floors; logistic regression has a cross-validated error"
    assert found.verdict == f"{said} of 0.04"


def test_the_table_has_all_that_was_tried_and_what_was_not() -> None:
    header, rows = comparison(0.07, (0.02, 0.12)).table(61.0)
    assert header == ("", "test error", "95 % interval", "cross-validated", "seconds", "")
    assert rows == [
        ("pare", "0.12", "[0.08, 0.17]", "", "61.0", ""),
        ("constant", "0.6", "", "0.65", "0.0", ""),
        (
            "logistic-regression",
            "0.05",
            "",
            "0.04",
            "1.2",
            "best by cross-validation; 1,000 of 5,000 training samples",
        ),
        ("minirocket", "-", "", "", "", "left out: it needs the package aeon"),
        ("pare - logistic-regression", "0.07", "[0.02, 0.12]", "", "", ""),
    ]


def test_it_comes_back_from_a_result() -> None:
    for found in (comparison(0.07, (0.02, 0.12)), comparison(None, None, error=None, interval=None)):
        result = {"method": "pare", "metric": "error", "floors": found.figures(), "floors_s": found.seconds}
        assert FloorComparison.from_result(json.loads(json.dumps(result))) == found
    assert FloorComparison.from_result({"floors": None}) is None
    assert FloorComparison.from_result({}) is None  # of an earlier version
