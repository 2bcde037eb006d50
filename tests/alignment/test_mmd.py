"""The maximum mean discrepancy."""

from math import exp

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from isthmus.alignment import distances, mmd


def bandwidth(x: list[list[float]], y: list[list[float]]) -> float:
    """The mean squared distance over pairs of different samples of both sets."""
    both = x + y
    squares = [square(p, q) for i, p in enumerate(both) for j, q in enumerate(both) if i != j]
    return sum(squares) / len(squares)


def square(p: list[float], q: list[float]) -> float:
    return sum((a - b) ** 2 for a, b in zip(p, q, strict=True))


def slow(x: list[list[float]], y: list[list[float]], b: float) -> float:
    def mean(left: list[list[float]], right: list[list[float]]) -> float:
        kernels = [
            sum(exp(-square(p, q) / (width * b)) for width in (0.25, 0.5, 1, 2, 4))
            for p in left
            for q in right
        ]
        return sum(kernels) / len(kernels)

    return mean(x, x) + mean(y, y) - 2 * mean(x, y)


def pair(seed: int, n: int, m: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x, y = (torch.randn(k, 3, generator=generator, dtype=torch.double) for k in (n, m))
    return x, 1.5 * y + 0.5


@given(st.integers(0, 99), st.integers(1, 6), st.integers(1, 6))
def test_value_against_a_slow_loop(seed: int, n: int, m: int) -> None:
    x, y = pair(seed, n, m)
    expected = slow(x.tolist(), y.tolist(), bandwidth(x.tolist(), y.tolist()))
    assert mmd(x, y).item() == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert mmd(y, x).item() == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_gradient_against_finite_differences_at_a_fixed_bandwidth() -> None:
    x, y = pair(0, 4, 5)
    b, step = bandwidth(x.tolist(), y.tolist()), 1e-5
    mmd(x.requires_grad_(), y.requires_grad_()).backward()
    for which, leaf in enumerate((x, y)):
        assert leaf.grad is not None
        for position in range(leaf.numel()):
            moved = [[z.detach().clone() for z in (x, y)] for _ in range(2)]
            moved[0][which].view(-1)[position] += step
            moved[1][which].view(-1)[position] -= step
            up, down = (slow(one.tolist(), other.tolist(), b) for one, other in moved)
            found = leaf.grad.view(-1)[position].item()
            assert found == pytest.approx((up - down) / (2 * step), rel=1e-4, abs=1e-8)


@pytest.mark.parametrize("x", [torch.ones(3, 2), torch.arange(12.0).view(6, 2) + 1e3])
def test_zero_from_a_set_to_itself_even_if_all_its_samples_are_one(x: Tensor) -> None:
    same = x.clone().requires_grad_()
    value = mmd(x, same)
    value.backward()
    assert value.item() == 0
    assert same.grad is not None
    assert same.grad.abs().max() < 1e-6


def test_a_fixed_source_is_a_constant_and_classes_are_not_read() -> None:
    x, y = pair(1, 5, 4)
    distance = distances["mmd"](x.requires_grad_(), torch.zeros(5))
    for _ in range(2):
        target = y.float().requires_grad_()
        value = distance(target, torch.zeros(0))
        value.backward()
        assert value.dtype == torch.float32
        assert value.item() == pytest.approx(mmd(x, y).item(), rel=1e-5)
        assert target.grad is not None
    assert x.grad is None
