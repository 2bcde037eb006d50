"""The mean distance between the samples of two sets."""

from math import dist

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from isthmus.alignment import distances, l2


@given(st.integers(0, 99), st.integers(1, 6), st.integers(1, 6))
def test_value_against_a_slow_loop(seed: int, n: int, m: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    x, y = (torch.randn(k, 3, generator=generator, dtype=torch.double) for k in (n, m))
    expected = sum(dist(p, q) for p in x.tolist() for q in y.tolist()) / (n * m)
    assert l2(x, y).item() == pytest.approx(expected, rel=1e-12)


def test_gradient_against_finite_differences() -> None:
    generator = torch.Generator().manual_seed(0)
    leaves = [torch.randn(k, 3, generator=generator, dtype=torch.double).requires_grad_() for k in (4, 5)]
    assert torch.autograd.gradcheck(l2, leaves, rtol=1e-4, atol=1e-8)


def test_samples_that_meet_have_a_gradient() -> None:
    x = torch.ones(2, 3).requires_grad_()
    l2(torch.ones(2, 3), x).backward()
    assert x.grad is not None
    assert not x.grad.any()


def test_a_fixed_source_is_a_constant_and_classes_are_not_read() -> None:
    x = torch.tensor([[0.0, 0.0]], dtype=torch.double).requires_grad_()
    y = torch.tensor([[3.0, 4.0]]).requires_grad_()
    value = distances["l2"](x, torch.zeros(0))(y, torch.zeros(0))
    value.backward()
    assert value.dtype == torch.float32
    assert value.item() == 5
    assert y.grad is not None
    torch.testing.assert_close(y.grad, torch.tensor([[0.6, 0.8]]))
    assert x.grad is None
