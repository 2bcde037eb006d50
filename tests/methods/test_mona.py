"""MoNA: the outer gradient through the inner step, against finite differences and equations."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.alignment.hypersphere import closeness, uniformity
from isthmus.config.schema import OptimConfig
from isthmus.methods import methods as registered_methods
from isthmus.methods.mona import discriminability, stepped
from isthmus.model import CrossModalNet
from isthmus.sources import Source
from isthmus.tasks import Split

methods: Any = registered_methods  # each has options and steps of its own

RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (20, 3, 16, 16), dtype=np.uint8)
SOURCE = Source("s", "image", PICTURES, np.arange(20) % 4, tuple("abcd"))
TRAIN = Split(RNG.normal(size=(12, 1, 16)).astype(np.float32), np.arange(12) % 2)


def cross_entropy(output: Tensor, y: Tensor) -> Tensor:
    return F.cross_entropy(output, y, reduction="none")


@pytest.fixture
def aligned(make_net, backbones):
    """The net after stage 1: aligned(seed, train, optimizer, **options)."""

    def align(seed: int = 0, train: Split = TRAIN, optimizer: str = "adamw", **options: Any) -> CrossModalNet:
        torch.manual_seed(0)
        net, method = make_net(backbones["swin"]).eval(), methods["mona"](**options)
        method.prepare(net, seed)
        optim = OptimConfig(lr=1e-3, optimizer=optimizer, momentum=0.0, weight_decay=0.0)
        method.align(net, train, SOURCE, optim, seed, cross_entropy)
        return net

    return align


@given(st.integers(0, 99), st.integers(2, 7), st.integers(1, 3))
def test_the_losses_of_the_sphere_against_slow_loops(seed: int, n: int, classes: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 3, generator=generator, dtype=torch.double)
    y = torch.randint(classes, (n,), generator=generator)
    unit = [[v / math.hypot(*row) for v in row] for row in x.tolist()]
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    squares = {(i, j): math.dist(unit[i], unit[j]) ** 2 for i, j in pairs}
    same = [squares[i, j] for i, j in pairs if y[i] == y[j]]
    assert closeness(x, y).item() == pytest.approx(sum(same) / max(1, len(same)), abs=1e-9)
    mean = sum(math.exp(-2 * square) for square in squares.values()) / len(pairs)
    assert uniformity(x).item() == pytest.approx(math.log(mean), abs=1e-9)


class Linear(nn.Module):
    """A backbone that is one matrix."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)

    def named_encoder_parameters(self) -> Any:
        return self.named_parameters()

    def encode(self, tokens: Tensor) -> Tensor:
        return tokens @ self.weight

    def pool(self, features: Tensor) -> Tensor:
        return features.mean(1)


def test_the_outer_gradient_on_a_linear_model_against_finite_differences() -> None:
    """The inner loss is 1/2 mean (h g(e x) - y)^2, whose gradient in g is written out."""
    rng = np.random.default_rng(3)
    g, head, e = rng.normal(size=(3, 2)), rng.normal(size=2), rng.normal(size=(4, 3))
    x, y = rng.normal(size=(5, 4)), rng.normal(size=5)
    tokens, classes = rng.normal(size=(6, 2, 3)), np.arange(6) % 2
    rate, weight = 0.3, 0.7

    def written_out(e: np.ndarray) -> float:
        rest = x @ e @ g @ head - y
        inner = (rest**2).mean() / 2
        after = g - rate * (x @ e).T @ rest[:, None] @ head[None] / len(y)
        features = (tokens @ after).mean(1)
        unit = features / np.linalg.norm(features, axis=1, keepdims=True)
        squares = ((unit[:, None] - unit) ** 2).sum(2)
        off = ~np.eye(6, dtype=bool)
        same = off & (classes[:, None] == classes)
        return float(inner + weight * (squares[same].mean() + np.log(np.exp(-2 * squares[off]).mean())))

    backbone: Any = Linear(torch.from_numpy(g))
    embedder = torch.from_numpy(e).requires_grad_()
    output = backbone.encode(torch.from_numpy(x) @ embedder) @ torch.from_numpy(head)
    inner = (output - torch.from_numpy(y)).square().mean() / 2
    features = stepped(backbone, inner, rate)(torch.from_numpy(tokens))
    total = inner + weight * discriminability(features, torch.from_numpy(classes))
    (found,) = torch.autograd.grad(total, embedder)
    assert total.item() == pytest.approx(written_out(e), rel=1e-12)
    expected = np.zeros_like(e)
    for place in np.ndindex(e.shape):
        shift = np.zeros_like(e)
        shift[place] = 1e-6
        expected[place] = (written_out(e + shift) - written_out(e - shift)) / 2e-6
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6, atol=1e-8)


def test_what_is_learnt_is_embedder_and_predictor(aligned) -> None:
    before, after = (aligned(meta_steps=steps, samples=6) for steps in (0, 2))
    changed = {
        n for (n, a), b in zip(before.named_parameters(), after.parameters(), strict=True) if not a.equal(b)
    }
    assert {name.split(".")[0] for name in changed} == {"embedder", "target_predictor"}
    assert all(p.grad is None for p in after.parameters())


def test_the_source_counts_through_the_inner_step_alone(aligned) -> None:
    """A step of plain SGD is linear in the weight, and without an inner step the source has no gradient."""
    start = aligned(meta_steps=0).embedder.projection.weight

    def moved(weight: float, inner_lr: float) -> Tensor:
        options = {"weight": weight, "inner_lr": inner_lr, "meta_lr": 1.0}
        net = aligned(optimizer="sgd", meta_steps=1, samples=6, **options)
        return net.embedder.projection.weight.detach() - start.detach()

    target, once, twice = (moved(weight, 1.0) for weight in (0.0, 1.0, 2.0))
    assert (once - target).abs().max() > 1e-4
    torch.testing.assert_close(twice - once, once - target, rtol=1e-3, atol=1e-6)
    torch.testing.assert_close(moved(1.0, 1e-9), target, rtol=1e-4, atol=1e-6)


def test_it_is_drawn_from_the_seed(aligned) -> None:
    options = {"meta_steps": 2, "samples": 4, "source_samples": 10}
    one, same, other = (aligned(seed, **options) for seed in (0, 0, 1))
    assert one.embedder.projection.weight.equal(same.embedder.projection.weight)
    assert not one.embedder.projection.weight.equal(other.embedder.projection.weight)


def test_sample_weights_count_in_the_inner_loss(aligned) -> None:
    weights = np.zeros(12)
    weights[:6] = 2.0
    weighted = Split(TRAIN.x, TRAIN.y, weights=weights)
    alike = aligned(meta_steps=1, samples=12, train=TRAIN)
    assert not aligned(meta_steps=1, samples=12, train=weighted).embedder.projection.weight.equal(
        alike.embedder.projection.weight
    )


def test_it_aligns_with_words_and_with_pictures_that_have_masks(make_net, backbones) -> None:
    words = Source("t", "text", ["a b c", "d e", "e a a b", "c"], np.arange(4) % 2, ("one", "two"))
    masks = RNG.integers(0, 2, (20, 8, 8), dtype=np.uint8)
    for backbone, source in {"words": words, "vit": replace(SOURCE, y=masks)}.items():
        torch.manual_seed(0)
        net, method = make_net(backbones[backbone]).eval(), methods["mona"](meta_steps=1, samples=4)
        before = net.embedder.projection.weight.clone()
        method.align(net, TRAIN, source, OptimConfig(lr=1e-3), 0, cross_entropy)
        assert not net.embedder.projection.weight.equal(before)
        assert net.embedder.projection.weight.isfinite().all()
