"""What distances are there, and what they refuse."""

import pytest
import torch
from torch import Tensor

from isthmus.alignment import distances, l2, mmd, otdd
from isthmus.errors import InputError

X, Y = torch.eye(4), torch.tensor([0, 0, 1, 1])


def test_the_distances_by_name() -> None:
    assert list(distances) == ["l2", "mmd", "otdd", "otdd-gaussian"]
    with pytest.raises(InputError, match="unknown distance 'odtd'; did you mean 'otdd'"):
        distances["odtd"]


def test_an_unknown_inner_distance_is_said_with_the_nearest() -> None:
    with pytest.raises(InputError, match="unknown inner distance 'gauss'; did you mean 'gaussian'"):
        otdd(X, Y, X, Y, "gauss")


BAD_FEATURES = [
    (torch.zeros(4), r"features are torch.float32 \[4\]; expected floats \[N, D\]"),
    (torch.zeros(4, 4, 1), r"features are torch.float32 \[4, 4, 1\]; expected floats \[N, D\]"),
    (torch.zeros(0, 4), r"features are torch.float32 \[0, 4\]; expected floats \[N, D\]"),
    (torch.zeros(4, 0), r"features are torch.float32 \[4, 0\]; expected floats \[N, D\]"),
    (torch.zeros(4, 4, dtype=torch.long), r"features are torch.int64 \[4, 4\]; expected floats"),
    (X.log(), "features have entries that are not finite"),
]


@pytest.mark.parametrize("name", ["l2", "mmd", "otdd", "otdd-gaussian"])
@pytest.mark.parametrize(("bad", "message"), BAD_FEATURES)
def test_features_that_are_no_set_of_samples(name: str, bad: Tensor, message: str) -> None:
    with pytest.raises(InputError, match=f"source {message}"):
        distances[name](bad, Y)(X, Y)
    with pytest.raises(InputError, match=f"target {message}"):
        distances[name](X, Y)(bad, Y)


@pytest.mark.parametrize("name", ["l2", "mmd", "otdd", "otdd-gaussian"])
def test_features_of_different_width(name: str) -> None:
    with pytest.raises(
        InputError, match=r"source features \[4, 4\] and target features \[4, 3\] differ in width"
    ):
        distances[name](X, Y)(X[:, :3], Y)


@pytest.mark.parametrize(
    "bad", [Y[:3], Y[:, None], Y.float(), torch.tensor(0)], ids=["short", "two axes", "floats", "one"]
)
def test_classes_that_do_not_match_the_samples(bad: Tensor) -> None:
    with pytest.raises(InputError, match=r"source classes are .*; expected an integer for each of 4 samples"):
        otdd(X, bad, X, Y)
    with pytest.raises(InputError, match=r"target classes are .*; expected an integer for each of 4 samples"):
        otdd(X, Y, X, bad)


def test_every_message_is_one_line() -> None:
    for wrong in (lambda: mmd(X, X[0]), lambda: l2(X[0], X), lambda: otdd(X, Y, X, Y[:1])):
        with pytest.raises(InputError) as error:
            wrong()
        assert "\n" not in str(error.value)
