"""Which tokens are chosen, and their replacement against a slow per-sample loop."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from torch import Tensor

from isthmus.mixing import Selection, gumbel_top_k, mixers, relaxed_top_k, replace_patches, top_k
from isthmus.mixing.replacement import move_tokens, noisy_top_k


def literal(target: Tensor, source: Tensor, target_scores: Tensor, source_scores: Tensor, k: int) -> Tensor:
    """Replace as the text says: sample by sample, token by token."""
    mixed = target.clone()
    for b in range(len(target)):
        by_target = sorted(range(target.shape[1]), key=lambda i: (target_scores[b, i].item(), i))
        by_source = sorted(range(source.shape[1]), key=lambda i: (-source_scores[b, i].item(), i))
        for freed, token in zip(sorted(by_target[:k]), sorted(by_source[:k]), strict=True):
            mixed[b, freed] = source[b, token]
    return mixed


@st.composite
def token_pairs(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor, Tensor, int]:
    batch, length, other, width = (draw(st.integers(1, top)) for top in (4, 12, 12, 5))
    k = draw(st.integers(0, min(length, other)))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10**6)))
    target, source = (torch.randn(batch, n, width, generator=generator) for n in (length, other))
    if draw(st.booleans()):  # ties
        scores = [torch.randint(0, 3, (batch, n), generator=generator).float() for n in (length, other)]
    else:
        scores = [torch.rand(batch, n, generator=generator) for n in (length, other)]
    return target, source, scores[0], scores[1], k


@given(token_pairs())
def test_equal_to_the_literal_loop(case: tuple[Tensor, Tensor, Tensor, Tensor, int]) -> None:
    assert torch.equal(replace_patches(*case), literal(*case))


@given(token_pairs())
def test_gate_with_settled_scores_is_replacement_and_lambda_is_k_over_l(
    case: tuple[Tensor, Tensor, Tensor, Tensor, int],
) -> None:
    target, source, target_scores, source_scores, k = case
    length = target.shape[1]
    mixed, share = mixers["gate"](
        target, source, k / length, target_scores=target_scores, source_scores=source_scores
    )
    assert share == k / length
    assert torch.equal(mixed, literal(*case))


@pytest.mark.parametrize("name", ["gate", "gate-published", "random"])
@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.45, 0.5, 1.0])
def test_every_mixer_puts_k_source_tokens_in_order(name: str, fraction: float) -> None:
    generator = torch.Generator().manual_seed(3)
    target, source = torch.randn(2, 3, 10, 4, generator=generator)
    scores = torch.rand(2, 3, 10, generator=generator).requires_grad_()  # the gate draws, to learn
    mixed, share = mixers[name](
        target, source, fraction, target_scores=scores[0], source_scores=scores[1], generator=generator
    )
    k = math.floor(10 * fraction + 0.5)
    assert share == k / 10
    for b in range(3):
        origin = [(source[b] == token).all(1).nonzero().flatten().tolist() for token in mixed[b]]
        taken = [found[0] for found in origin if found]
        assert len(taken) == k
        assert taken == sorted(set(taken))
        kept = [i for i, found in enumerate(origin) if not found]
        assert torch.equal(mixed[b, kept], target[b, kept])


def test_the_gate_learns_from_both_sides_and_leaves_its_inputs_alone() -> None:
    generator = torch.Generator().manual_seed(4)
    target, source = (torch.randn(2, 8, 3, generator=generator).requires_grad_() for _ in range(2))
    target_scores, source_scores = (torch.rand(2, 8, generator=generator).requires_grad_() for _ in range(2))
    before = target.detach().clone()
    mixed, _ = mixers["gate"](
        target, source, 0.5, target_scores=target_scores, source_scores=source_scores, generator=generator
    )
    mixed.square().sum().backward()
    for tensor in (target, source, target_scores, source_scores):
        assert tensor.grad is not None
        assert tensor.grad.abs().sum() > 0
    assert torch.equal(target, before)


def test_gradient_is_that_of_the_masked_sum() -> None:
    """Against the formula of the straight-through estimator, written out and left to autograd."""
    generator = torch.Generator().manual_seed(5)
    leaves = [
        torch.randn(2, 6, 3, generator=generator, dtype=torch.double).requires_grad_() for _ in range(2)
    ]
    leaves += [torch.rand(2, 6, generator=generator, dtype=torch.double).requires_grad_() for _ in range(2)]
    target, source, target_scores, source_scores = leaves
    k, weight = 4, torch.randn(2, 6, 3, generator=generator, dtype=torch.double)
    freed, taken = (
        Selection(chosen.indices, chosen.mask + (scores - scores.detach()))
        for chosen, scores in (
            (top_k(-target_scores, k), target_scores),
            (top_k(source_scores, k), source_scores),
        )
    )
    moved = (source * taken.mask[..., None]).gather(1, taken.indices[..., None].expand(-1, -1, 3))
    kept = target * (1 - freed.mask)[..., None]
    expected = kept.scatter_add(1, freed.indices[..., None].expand(-1, -1, 3), moved)
    wanted = torch.autograd.grad((expected * weight).sum(), leaves)
    mixed = move_tokens(target, source, *freed, *taken)
    assert torch.equal(mixed, expected)
    for ours, theirs in zip(torch.autograd.grad((mixed * weight).sum(), leaves), wanted, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_bad_input_is_said(refuses: Callable[..., Any]) -> None:
    tokens, scores = torch.zeros(2, 4, 3), torch.zeros(2, 4)
    with refuses("value", "k"):
        replace_patches(tokens, tokens, scores, scores, 5)
    with refuses("conflict", "source"):
        replace_patches(tokens, tokens[..., :2], scores, scores, 1)
    with refuses("conflict", "target_scores"):
        replace_patches(tokens, tokens, scores[:, :3], scores, 1)
    with refuses("missing", "target_scores"):
        mixers["gate"](tokens, tokens, 0.5)
    with refuses("unknown", "randon"):
        mixers["randon"]


@given(st.integers(1, 12), st.data(), st.integers(0, 99))
def test_top_k_takes_the_highest_first_come_first_served(length: int, data: st.DataObject, seed: int) -> None:
    k = data.draw(st.integers(0, length))
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randint(0, 4, (3, length), generator=generator).float()  # many ties
    chosen = top_k(scores, k)
    for row in range(3):
        by_score = sorted(range(length), key=lambda i: (-scores[row, i].item(), i))
        assert chosen.indices[row].tolist() == sorted(by_score[:k])
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


def subset_operator(logits: Tensor, k: int) -> Tensor:
    """The relaxed subset of the published code, written out: the sum of k successive softmaxes."""
    total, taken = torch.zeros_like(logits), torch.zeros_like(logits)
    for _ in range(k):
        logits = logits + (1 - taken).clamp_min(1.2e-38).log()
        taken = torch.softmax(logits / 0.9, 1)
        total = total + taken
    return total


def test_published_draws_are_the_top_of_score_plus_noise() -> None:
    """The k largest sums of k successive softmaxes are the k largest noisy scores."""
    scores = torch.rand(300, 24, generator=torch.Generator().manual_seed(0))
    chosen = noisy_top_k(scores, 9, 0.9, torch.Generator().manual_seed(1))
    uniform = torch.rand(scores.shape, generator=torch.Generator().manual_seed(1)).double()
    noisy = scores + -(-uniform.log()).log()
    assert torch.equal(top_k(subset_operator(noisy, 9), 9).indices, chosen.indices)


def test_what_a_gate_says_counts_more_in_ours_than_in_the_published_draws() -> None:
    """How often each of ten tokens is among four, by its score: the tables in docs/mixing.md."""
    scores, draws = torch.linspace(0.05, 0.95, 10), 20_000
    ours, published = (
        draw(scores.expand(draws, 10), 4, 0.9, torch.Generator().manual_seed(0)).mask.mean(0)
        for draw in (gumbel_top_k, noisy_top_k)
    )
    for found, ends in ((ours, (0.05, 0.67)), (published, (0.27, 0.55))):
        assert found.sum().item() == pytest.approx(4, abs=1e-3)
        assert (found.diff() > 0).all()
        assert (found[0].item(), found[-1].item()) == pytest.approx(ends, abs=0.015)


def test_the_gradient_points_where_that_of_the_published_relaxation_does() -> None:
    """They are two relaxations of one choice: alike in direction, and not the same."""
    generator = torch.Generator().manual_seed(2)
    logits = torch.randn(100, 24, generator=generator, dtype=torch.double).requires_grad_()
    weight = torch.randn(100, 24, generator=generator, dtype=torch.double)
    ours, published = (
        torch.autograd.grad((soft * weight).sum(), logits)[0]
        for soft in (relaxed_top_k(logits, 9, 0.9), subset_operator(logits, 9))
    )
    assert 0.6 < torch.cosine_similarity(ours, published, dim=1).mean() < 0.95


def test_straight_through_mask_is_hard_and_carries_a_gradient() -> None:
    scores = torch.rand(4, 9, generator=torch.Generator().manual_seed(1)).requires_grad_()
    chosen = gumbel_top_k(scores, 4, 0.9, torch.Generator().manual_seed(2))
    assert set(chosen.mask.detach().unique().tolist()) == {0.0, 1.0}
    assert (chosen.mask.detach().sum(1) == 4).all()
    (chosen.mask * torch.arange(9.0)).sum().backward()
    assert scores.grad is not None
    assert scores.grad.abs().min() > 0


def test_the_learning_gate_replaces_the_tokens_that_it_does_not_keep() -> None:
    """With the gate's own draws repeated: kept target tokens first, then chosen source tokens."""
    generator = torch.Generator().manual_seed(6)
    target, source = torch.randn(2, 3, 10, 4, generator=generator)
    scores = torch.rand(2, 3, 10, generator=generator).requires_grad_()
    mixed, _ = mixers["gate"](
        target,
        source,
        0.3,
        target_scores=scores[0],
        source_scores=scores[1],
        generator=torch.Generator().manual_seed(7),
    )
    again = torch.Generator().manual_seed(7)
    kept, chosen = gumbel_top_k(scores[0], 7, 0.9, again), gumbel_top_k(scores[1], 3, 0.9, again)
    for b in range(3):
        expected = source[b, chosen.indices[b]].clone()
        places = sorted(set(range(10)) - set(kept.indices[b].tolist()))
        assert torch.equal(mixed[b, places], expected)
        assert torch.equal(mixed[b, kept.indices[b]], target[b, kept.indices[b]])
