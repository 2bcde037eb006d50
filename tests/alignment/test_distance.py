"""What distances are there, and what they refuse."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from isthmus.alignment import distances, l2, mmd, otdd

X, Y = torch.eye(4), torch.tensor([0, 0, 1, 1])


def test_the_distances_by_name(refuses: Callable[..., Any]) -> None:
    assert list(distances) == ["l2", "mmd", "otdd", "otdd-gaussian", "otdd-published", "wasserstein"]
    with refuses("unknown", "odtd"):
        distances["odtd"]


def test_an_unknown_inner_distance_is_said_with_the_nearest(refuses: Callable[..., Any]) -> None:
    with refuses("unknown", "gauss"):
        otdd(X, Y, X, Y, "gauss")


BAD_FEATURES = [
    torch.zeros(4),
    torch.zeros(4, 4, 1),
    torch.zeros(0, 4),
    torch.zeros(4, 0),
    torch.zeros(4, 4, dtype=torch.long),
    X.log(),
]


@pytest.mark.parametrize("name", ["l2", "mmd", "otdd", "otdd-gaussian", "otdd-published", "wasserstein"])
@pytest.mark.parametrize("bad", BAD_FEATURES)
def test_features_that_are_no_set_of_samples(name: str, bad: Tensor, refuses: Callable[..., Any]) -> None:
    with refuses("value", "source"):
        distances[name](bad, Y)(X, Y)
    with refuses("value", "target"):
        distances[name](X, Y)(bad, Y)


@pytest.mark.parametrize("name", ["l2", "mmd", "otdd", "otdd-gaussian", "otdd-published", "wasserstein"])
def test_features_of_different_width(name: str, refuses: Callable[..., Any]) -> None:
    with refuses("conflict"):
        distances[name](X, Y)(X[:, :3], Y)


@pytest.mark.parametrize(
    "bad", [Y[:3], Y[:, None], Y.float(), torch.tensor(0)], ids=["short", "two axes", "floats", "one"]
)
def test_classes_that_do_not_match_the_samples(bad: Tensor, refuses: Callable[..., Any]) -> None:
    with refuses("value", "source"):
        otdd(X, bad, X, Y)
    with refuses("value", "target"):
        otdd(X, Y, X, bad)


def test_functions_refuse_what_distances_by_name_refuse(refuses: Callable[..., Any]) -> None:
    with refuses("value", "target"):
        mmd(X, X[0])
    with refuses("value", "source"):
        l2(X[0], X)
    with refuses("value", "target"):
        otdd(X, Y, X, Y[:1])
