"""RECRAFT: each of its three steps against its equation written out."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from isthmus.alignment import distances
from isthmus.config.schema import OptimConfig
from isthmus.methods import methods as registered_methods
from isthmus.methods.recraft import entropy
from isthmus.model import CrossModalNet
from isthmus.sources import Source
from isthmus.tasks import Split

methods: Any = registered_methods  # each has options and steps of its own

RNG = np.random.default_rng(0)
LEVEL = 40 + 180 * (np.arange(20) % 2)
PICTURES = RNG.integers(0, 30, (20, 3, 16, 16)) + LEVEL[:, None, None, None]
SOURCE = Source("s", "image", PICTURES.astype(np.uint8), np.arange(20) % 2, ("dark", "bright"))
TRAIN = Split(RNG.normal(size=(12, 1, 16)).astype(np.float32), np.arange(12) % 3)
NOTHING = {"predictor_steps": 0, "align_epochs": 0, "distortion_epochs": 0}


def no_loss(output: Tensor, y: Tensor) -> Tensor:
    raise AssertionError("no loss of the target is read")


@pytest.fixture
def net(make_net, backbones) -> CrossModalNet:
    torch.manual_seed(0)
    return make_net(backbones["vit"], source_classes=2).eval()


def align(net: CrossModalNet, seed: int = 0, source: Source = SOURCE, **options: Any) -> None:
    method = methods["recraft"](**NOTHING | options)
    method.prepare(net, seed)
    method.align(net, TRAIN, source, OptimConfig(lr=1e-4), seed, no_loss)


def changed(net: CrossModalNet, before: dict[str, Tensor]) -> set[str]:
    return {name.split(".")[0] for name, value in net.state_dict().items() if not value.equal(before[name])}


def kept(net: CrossModalNet) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in net.state_dict().items()}


@torch.no_grad()
def seen(net: CrossModalNet, y: int | None = None) -> list[float]:
    x = torch.from_numpy(TRAIN.x if y is None else TRAIN.x[TRAIN.y == y])
    probabilities = net.source_predictor(net.encode(net.embed_target(x))).softmax(1)
    return list(probabilities.mean(0).tolist())


def written_out(p: list[float]) -> float:
    return -sum(v * math.log(v) for v in p)


def test_the_predictor_learns_the_source_and_nothing_else_does(net) -> None:
    before = kept(net)
    align(net, predictor_steps=40, predictor_lr=0.05, rho=0.0)
    assert changed(net, before) == {"source_predictor"}
    logits = net.source_predictor(net.encode(net.embed_source(SOURCE.take(np.arange(20)))))
    assert (logits.argmax(1).numpy() == SOURCE.y).all()
    assert not any(p.requires_grad for p in net.source_predictor.parameters())
    assert all(p.grad is None for p in net.parameters())


def test_the_penalty_against_finite_differences(net) -> None:
    """The gradient of a loss in a token, coordinate by coordinate."""
    tokens, y = net.embed_source(SOURCE.take(np.arange(2))), torch.tensor([0, 1])
    lengths = []
    for sample in range(2):
        shifts = 1e-3 * torch.eye(tokens[0].numel()).view(-1, *tokens.shape[1:])
        losses = [
            F.cross_entropy(
                net.source_predictor(net.encode(tokens[sample] + sign * shifts)),
                y[sample].expand(len(shifts)),
                reduction="none",
            )
            for sign in (1, -1)
        ]
        lengths.append(((losses[0] - losses[1]) / 2e-3).norm().item())
    assert min(lengths) > 0.5
    tau = min(lengths) + 0.1  # the shorter one is not penalised
    plain = F.cross_entropy(net.source_predictor(net.encode(tokens)), y).item()
    assert max(lengths) > tau
    found = methods["recraft"](rho=7.0, tau=tau)._source_loss(net, tokens, y, True)
    assert found.item() == pytest.approx(plain + 7 * (max(lengths) - tau) ** 2 / 2, rel=1e-2)
    assert methods["recraft"]()._source_loss(net, tokens, y, False).item() == pytest.approx(plain)


def test_the_penalty_keeps_gradients_short(net) -> None:
    """Of a predictor of labels that no picture tells."""
    start, excess = kept(net), []
    noise = Source("s", "image", SOURCE.x, np.arange(20) // 2 % 2, SOURCE.classes)
    for rho in (0.0, 100.0):
        net.load_state_dict(start)
        align(net, source=noise, predictor_steps=20, predictor_lr=0.1, rho=rho, tau=0.0)
        tokens, y = net.embed_source(noise.take(np.arange(20))), torch.from_numpy(noise.y)
        smoothed, plain = (
            methods["recraft"](rho=1.0, tau=0.0)._source_loss(net, tokens, y, is_smoothed)
            for is_smoothed in (True, False)
        )
        excess.append((smoothed - plain).item())
    assert excess[1] < excess[0] / 2


def test_alignment_brings_features_closer_and_reads_no_classes(net) -> None:
    def distance() -> float:
        with torch.no_grad():
            source = net.embed_source(SOURCE.take(np.arange(20))).mean(1)
            target = net.embed_target(torch.from_numpy(TRAIN.x)).mean(1)
        none = torch.zeros(20, dtype=torch.int64)
        return distances["wasserstein"](source, none)(target, none[:12]).item()

    before, start = kept(net), distance()
    align(net, align_epochs=15)
    assert distance() < 0.9 * start
    assert changed(net, before) == {"embedder"}


@pytest.mark.parametrize("marginal", [0.0, 1.0])
def test_distortion_falls_and_is_the_entropy_written_out(net, marginal, monkeypatch) -> None:
    def value() -> float:
        inside = sum(written_out(seen(net, c)) / 3 for c in range(3))
        return inside - marginal * written_out(seen(net))

    align(net, predictor_steps=40, predictor_lr=0.05, rho=0.0)
    before, start, said = kept(net), value(), []
    log = "isthmus.methods.embedder_descent.log.info"
    monkeypatch.setattr(log, lambda text, epoch, total: said.append(total))
    align(net, distortion_epochs=8, distortion_lr=1e-2, marginal=marginal)
    assert said[0] == pytest.approx(start, abs=1e-5)
    assert value() < start
    assert changed(net, before) == {"embedder"}


def test_entropy_in_closed_form() -> None:
    assert entropy(torch.tensor([0.25] * 4)).item() == pytest.approx(math.log(4))
    assert entropy(torch.tensor([1.0, 0.0])).item() == 0


def test_it_is_drawn_from_the_seed(net) -> None:
    start, found = kept(net), []
    for seed in (0, 0, 1):
        net.load_state_dict(start)
        align(
            net,
            seed,
            predictor_steps=2,
            align_epochs=1,
            distortion_epochs=1,
            max_samples=4,
            source_samples=10,
        )
        found.append(kept(net))
    assert changed(net, found[2]) == set()
    assert all(found[0][name].equal(value) for name, value in found[1].items())
    assert any(not found[0][name].equal(value) for name, value in found[2].items())
