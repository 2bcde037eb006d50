"""The squared Wasserstein distance of two sets of samples."""

from itertools import permutations
from math import dist

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from isthmus.alignment import distances, wasserstein


@given(st.integers(0, 99), st.integers(1, 4))
def test_value_against_every_permutation(seed: int, n: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    x, y = (torch.randn(n, 3, generator=generator, dtype=torch.double) for _ in range(2))
    means = [
        sum(dist(p, q) ** 2 for p, q in zip(x.tolist(), order, strict=True)) / n
        for order in permutations(y.tolist())
    ]
    assert wasserstein(x, y).item() == pytest.approx(min(means), rel=1e-9)


def test_sets_of_other_sizes_in_closed_form() -> None:
    """On a line mass moves in order: 0, 0 and 3 to 1 and 2 is 2/3 (1 + 1/4 ...), written out by halves."""
    x, y = torch.tensor([[0.0], [0.0], [3.0]]), torch.tensor([[1.0], [2.0]])
    moved = 1 / 2 * 1 + (2 / 3 - 1 / 2) * 4 + 1 / 3 * 1
    assert wasserstein(x, y).item() == pytest.approx(moved)


def test_gradient_against_finite_differences() -> None:
    generator = torch.Generator().manual_seed(0)
    leaves = [torch.randn(k, 3, generator=generator, dtype=torch.double).requires_grad_() for k in (4, 5)]
    assert torch.autograd.gradcheck(wasserstein, leaves, rtol=1e-4, atol=1e-8)


def test_a_fixed_source_is_a_constant_and_classes_are_not_read() -> None:
    x, y = torch.zeros(1, 2).requires_grad_(), torch.tensor([[3.0, 4.0]]).requires_grad_()
    value = distances["wasserstein"](x, torch.zeros(0))(y, torch.zeros(0))
    value.backward()
    assert value.item() == 25
    assert y.grad is not None
    torch.testing.assert_close(y.grad, 2 * y.detach())
    assert x.grad is None
