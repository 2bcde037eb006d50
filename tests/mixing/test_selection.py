"""Which tokens are taken."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from isthmus.mixing import complement, gumbel_top_k, relaxed_top_k, top_k


@given(st.integers(1, 12), st.data(), st.integers(0, 99))
def test_top_k_takes_the_highest_first_come_first_served(length: int, data: st.DataObject, seed: int) -> None:
    k = data.draw(st.integers(0, length))
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randint(0, 4, (3, length), generator=generator).float()  # many ties
    chosen = top_k(scores, k)
    for row in range(3):
        by_score = sorted(range(length), key=lambda i: (-scores[row, i].item(), i))
        assert chosen.index[row].tolist() == sorted(by_score[:k])
        assert chosen.mask[row].nonzero().flatten().tolist() == sorted(by_score[:k])


@given(st.integers(1, 40), st.data(), st.floats(0.1, 20), st.integers(0, 99))
def test_relaxed_selection_sums_to_k_and_solves_its_equation(
    length: int, data: st.DataObject, spread: float, seed: int
) -> None:
    k = data.draw(st.integers(0, length))
    logits = spread * torch.randn(
        2, length, generator=torch.Generator().manual_seed(seed), dtype=torch.double
    )
    soft = relaxed_top_k(logits, k, 0.9)
    assert soft.sum(1).tolist() == pytest.approx([k, k], abs=1e-3)
    if 0 < k < length:
        row = logits[0]
        threshold = brentq(lambda t: torch.sigmoid((row - t) / 0.9).sum().item() - k, -500, 500)
        torch.testing.assert_close(soft[0], torch.sigmoid((row - threshold) / 0.9), atol=1e-3, rtol=0)


def test_gradient_of_the_relaxation_against_finite_differences() -> None:
    logits = torch.randn(
        2, 7, generator=torch.Generator().manual_seed(0), dtype=torch.double, requires_grad=True
    )
    assert torch.autograd.gradcheck(lambda z: relaxed_top_k(z, 3, 0.9), (logits,))


def test_gumbel_draws_follow_the_scores() -> None:
    """Of two tokens kept from three, the pairs come as often as drawing without replacement says."""
    weight = torch.tensor([0.6, 0.3, 0.1])
    draws = 20_000
    chosen = gumbel_top_k(weight.expand(draws, 3), 2, 0.9, torch.Generator().manual_seed(0))
    p = weight.tolist()
    for out in range(3):
        a, b = (p[i] for i in range(3) if i != out)
        expected = a * b / (1 - a) + b * a / (1 - b)
        assert (chosen.mask[:, out] == 0).float().mean().item() == pytest.approx(expected, abs=0.015)


def test_straight_through_mask_is_hard_and_carries_a_gradient() -> None:
    scores = torch.rand(4, 9, generator=torch.Generator().manual_seed(1)).requires_grad_()
    chosen = gumbel_top_k(scores, 4, 0.9, torch.Generator().manual_seed(2))
    assert set(chosen.mask.detach().unique().tolist()) == {0.0, 1.0}
    assert (chosen.mask.detach().sum(1) == 4).all()
    (chosen.mask * torch.arange(9.0)).sum().backward()
    assert scores.grad is not None
    assert scores.grad.abs().min() > 0


@given(st.integers(1, 10), st.data())
def test_complement_is_what_was_not_chosen(length: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, length))
    chosen = top_k(torch.rand(2, length, generator=torch.Generator().manual_seed(length)), k)
    rest = complement(chosen)
    for row in range(2):
        taken, left = chosen.index[row].tolist(), rest.index[row].tolist()
        assert sorted(taken + left) == list(range(length))
        assert left == sorted(left)
    torch.testing.assert_close(chosen.mask + rest.mask, torch.ones(2, length))
