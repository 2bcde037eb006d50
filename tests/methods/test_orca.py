"""ORCA: the embedder is learnt by the distance to the source, everything else later."""

import copy
from typing import Any

import numpy as np
import pytest
import torch

from isthmus import Run, fit
from isthmus.alignment import distances
from isthmus.config.schema import OptimConfig
from isthmus.methods import methods as registered_methods
from isthmus.methods.embedder_descent import DECAY, DECAY_EPOCHS, members_by_class
from isthmus.methods.pseudo_labels import pseudo_labels
from isthmus.model import CrossModalNet
from isthmus.sources import Source
from isthmus.tasks import Split, Task

methods: Any = registered_methods  # each has options and steps of its own


RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (20, 3, 16, 16), dtype=np.uint8)
SOURCE = Source("s", "image", PICTURES, np.arange(20) % 4, tuple("abcd"))
TRAIN = Split(RNG.normal(size=(12, 1, 16)).astype(np.float32), np.arange(12) % 3)


def no_loss(output: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    raise AssertionError("the alignment reads no loss")


@pytest.fixture
def aligned(make_net, backbones):
    """The net after stage 2: aligned(seed, **options)."""

    def align(seed: int = 0, **options) -> CrossModalNet:
        torch.manual_seed(0)
        net, method = make_net(backbones["swin"]), methods["orca"](**options)
        method.prepare(net, seed)
        method.align(net, TRAIN, SOURCE, OptimConfig(lr=1e-3), seed, no_loss)
        return net

    return align


def distance(net: CrossModalNet, name: str) -> float:
    """Class by class, as the method descends it."""
    with torch.no_grad():
        source = net.embed_source(SOURCE.take(np.arange(20))).mean(1)
        target = net.embed_target(torch.from_numpy(TRAIN.x)).mean(1)
    to_source = distances[name](source, torch.from_numpy(SOURCE.y))
    y = torch.from_numpy(TRAIN.y)
    return sum(float(to_source(target[y == c], y[y == c])) / 3 for c in range(3))


@pytest.mark.parametrize("name", sorted(distances))
def test_alignment_brings_the_embedder_closer_and_changes_nothing_else(name, aligned) -> None:
    before, after = (aligned(distance=name, align_epochs=e) for e in (0, 15))
    assert distance(after, name) < 0.9 * distance(before, name)
    changed = {
        n for (n, a), b in zip(before.named_parameters(), after.parameters(), strict=True) if not a.equal(b)
    }
    assert changed
    assert all(n.startswith("embedder.") for n in changed)
    assert all(p.grad is None for p in after.parameters())


def test_alignment_is_drawn_from_the_seed(aligned) -> None:
    options = {"align_epochs": 3, "max_samples": 2, "source_samples": 10}
    one, same, other = (aligned(seed, **options) for seed in (0, 0, 1))
    assert one.embedder.projection.weight.equal(same.embedder.projection.weight)
    assert not one.embedder.projection.weight.equal(other.embedder.projection.weight)


@pytest.mark.parametrize("shape", [(6,), (1, 6, 6)])
def test_targets_without_classes_get_some_by_nearness(shape) -> None:
    centres = np.array([0.0, 10.0, 20.0])[np.arange(30) % 3].reshape(-1, *[1] * len(shape))
    y = (centres + RNG.normal(size=(30, *shape), scale=0.01)).astype(np.float32)
    y = np.concatenate([y, RNG.normal(size=y.shape, scale=1e6)], 1).astype(np.float32)  # no target: behind
    found = pseudo_labels(np.round(y), shape[0], 0)
    assert found.shape == (30,)
    assert len({tuple(np.flatnonzero(found == c) % 3) for c in np.unique(found)}) == 3
    assert len(np.unique(pseudo_labels(y, shape[0], 0))) == 10


def test_classes_are_taken_as_they_are_and_masks_are_not() -> None:
    assert pseudo_labels(np.array([4, 0, 2]), 5, 0).tolist() == [4, 0, 2]
    masks = np.zeros((20, 40, 50), dtype=np.int64)
    masks[::2, :, :25] = 1
    assert len(set(pseudo_labels(masks, 2, 0)[::2])) == len(set(pseudo_labels(masks, 2, 0)[1::2])) == 1


@pytest.mark.parametrize(("lr", "most"), [(1e-5, 1e-4), (5e-4, 1e-3), (1e-2, 1e-2)])
def test_the_rate_of_alignment_follows_that_of_the_training(lr, most, make_net, backbones) -> None:
    """Adam's first step moves each weight by its learning rate."""
    torch.manual_seed(0)
    net, method = make_net(backbones["swin"]), methods["orca"](align_epochs=1, distance="l2")
    before = net.embedder.projection.weight.detach().clone()
    method.prepare(net, 0)
    method.align(net, TRAIN, SOURCE, OptimConfig(lr=lr), 0, no_loss)
    moved = (net.embedder.projection.weight - before).abs()
    assert moved.max().item() == pytest.approx(most, rel=0.05)


@pytest.mark.parametrize(("optimizer", "kept"), [("sgd", "momentum"), ("adam", "betas")])
def test_alignment_takes_the_optimiser_of_the_run(optimizer, kept, make_net, backbones) -> None:
    """Its steps are those of torch's own optimiser, down the sum of the classes' distances."""
    settings = {"momentum": 0.99, "betas": (0.5, 0.6), "weight_decay": 0.3}
    torch.manual_seed(0)
    net, method = make_net(backbones["swin"]), methods["orca"](align_epochs=3, distance="l2")
    method.prepare(net, 0)
    weight = net.embedder.projection.weight
    made = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer]
    expected = copy.deepcopy(net)
    rest = {"weight_decay": 0.3, kept: settings[kept]}
    reference = made([expected.embedder.projection.weight], lr=1e-3, **rest)
    others = [p for p in expected.embedder.parameters() if p is not expected.embedder.projection.weight]
    rest["weight_decay"] = 0  # vectors do not decay
    of_vectors = made([p for p in others if p.dim() == 1], lr=1e-3, **rest)
    for _ in range(3):
        for one in (reference, of_vectors):
            one.zero_grad()
        with torch.no_grad():
            source = expected.embed_source(SOURCE.take(np.arange(20))).mean(1)
        target = expected.embed_target(torch.from_numpy(TRAIN.x)).mean(1)
        to_source = distances["l2"](source, torch.from_numpy(SOURCE.y))
        y = torch.from_numpy(TRAIN.y)
        sum(to_source(target[y == c], y[y == c]) / 3 for c in range(3)).backward()
        for one in (reference, of_vectors):
            one.step()
    optim = OptimConfig(lr=1e-4, optimizer=optimizer, lr_scale={"embedder": 7.0}, **settings)
    method.align(net, TRAIN, SOURCE, optim, 0, no_loss)
    torch.testing.assert_close(weight, expected.embedder.projection.weight)
    for found, given in zip(net.embedder.parameters(), expected.embedder.parameters(), strict=True):
        torch.testing.assert_close(found, given)


def test_the_rate_of_alignment_falls_as_published() -> None:
    """The published factor of epoch e is 0.2 to the power of how many of 20, 40 and 60 are below e."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, DECAY_EPOCHS, DECAY)
    for epoch in range(80):
        assert optimizer.param_groups[0]["lr"] == pytest.approx(0.2 ** sum(epoch > e for e in (20, 40, 60)))
        optimizer.step()
        schedule.step()


def test_alignment_leaves_out_classes_of_one_sample() -> None:
    found = list(members_by_class(np.array([0, 1, 2, 2, 0, 2]), 2, 0, 0))
    assert [(len(members), share) for members, share in found] == [(2, 2 / 6), (2, 3 / 6)]


@pytest.mark.parametrize("kind", ["classification", "regression", "multilabel", "segmentation"])
def test_a_run_on_every_kind_of_target(kind, backbones, tmp_path) -> None:
    y = {
        "classification": np.arange(12) % 3,
        "regression": RNG.normal(size=(12, 2, 8)),
        "multilabel": np.stack([np.arange(12) % 2, np.arange(12) % 3 == 0], 1).astype(int),
        "segmentation": np.arange(12 * 16).reshape(12, 16) % 2,
    }[kind]
    task = Task.from_arrays(TRAIN.x, y, TRAIN.x, y, kind=kind, name="t")
    method = {"name": "orca", "align_epochs": 2, "source_samples": 20}
    settings = {"epochs": 1, "epoch_steps": 2, "batch_size": 4}
    run = fit(task, method=method, backbone=backbones["swin"], out=tmp_path / "run", **settings)
    assert np.isfinite(Run(run.folder).test_error or 0)
    assert "alignment epoch 2: distance" in (run.folder / "log.txt").read_text()
