"""What learns, and what a step costs."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from torch.nn import functional as F
from transformers import SwinConfig

from isthmus.backbones import new_backbone
from isthmus.methods import Batch
from isthmus.methods import methods as registered_methods
from isthmus.methods.cross_modal import CrossModalMethod
from isthmus.mixing import mixers
from isthmus.model import CrossModalNet, NetSpec
from isthmus.tasks import Task

methods: Any = registered_methods  # each has options and steps of its own


TASK = Task.from_arrays(np.random.default_rng(0).normal(size=(12, 1, 40)), np.arange(12) % 3)


def make_net(seed: int = 0) -> CrossModalNet:
    config = SwinConfig(
        image_size=16,
        patch_size=2,
        embed_dim=4,
        depths=[1, 1],
        num_heads=[1, 2],
        window_size=4,
        drop_path_rate=0.0,
    )
    spec = NetSpec(
        task="t",
        kind="classification",
        input_shape=(1, 40),
        output_channels=3,
        output_size=(),
        classes=(0, 1, 2),
        embedder="patch",
        embedder_options={},
        source_classes=5,
    )
    torch.manual_seed(seed)
    return CrossModalNet(new_backbone(config, seed, "tiny"), spec).train()


def make_batch() -> Batch:
    pictures = torch.randint(
        0, 255, (4, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(1)
    )
    x, y = torch.from_numpy(TASK.train.x[:4]), torch.from_numpy(TASK.train.y[:4])
    return Batch(x, y, pictures, torch.tensor([0, 1, 2, 3]))


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(9)


@pytest.mark.parametrize("name", [name for name in methods if issubclass(methods[name], CrossModalMethod)])
def test_what_learns_gets_a_gradient_and_nothing_else(name: str) -> None:
    net, method = make_net(), methods[name]()
    method.prepare(net, 0)
    method.step(net, make_batch(), TASK.sample_losses, 0.0, generator()).loss.backward()
    for part, parameters in net.parts().items():
        for parameter in parameters:
            assert parameter.requires_grad == (parameter.grad is not None), part
    assert all(p.grad is None for _, p in net.backbone.named_embedding_parameters())
    assert all(p.grad is not None for p in net.parts()["predictor"])


def test_fine_tuning_is_the_target_loss_alone() -> None:
    net, batch = make_net(), make_batch()
    step = methods["nft"]().step(net, batch, TASK.sample_losses, 0.5, generator())
    assert torch.equal(step.loss, F.cross_entropy(net(batch.x), batch.y))


def test_scratch_forgets_the_weights_and_fine_tuning_keeps_them() -> None:
    pretrained = make_net(seed=1)
    before = [p.clone() for p in pretrained.parts()["backbone"]]
    methods["nft"]().prepare(pretrained, 0)
    assert all(torch.equal(a, b) for a, b in zip(before, pretrained.parts()["backbone"], strict=True))
    methods["scratch"]().prepare(pretrained, 0)
    assert any(not torch.equal(a, b) for a, b in zip(before, pretrained.parts()["backbone"], strict=True))


@pytest.mark.parametrize("mixer", ["gate", "random"])
@pytest.mark.parametrize("progress", [0.0, 0.4, 0.9, 1.0])
def test_the_loss_of_pare_against_its_equation(mixer: str, progress: float) -> None:
    """Written out sample by sample from the equation, in two passes instead of one."""
    net, batch = make_net(), make_batch()
    options = {"start": 0.75, "end": 0.25, "beta_1": 0.7, "beta_2": 0.4, "mixer": mixer}
    step = methods["pare"](**options).step(net, batch, TASK.sample_losses, progress, generator())

    target, source = net.embed_target(batch.x), net.embed_source(batch.source_x)
    scores = [net.gate(tokens) for tokens in (target, source)]
    if progress >= 0.5:
        scores = [s.detach() for s in scores]
    fraction = 0.75 - 0.5 * progress
    mixed, share = mixers[mixer](
        target, source, fraction, target_scores=scores[0], source_scores=scores[1], generator=generator()
    )
    total = torch.zeros(())
    for b in range(4):
        plain = F.cross_entropy(net.predict_target(net.encode(target[b : b + 1])), batch.y[b : b + 1])
        features = net.encode(mixed[b : b + 1])
        mixed_target = F.cross_entropy(net.predict_target(features), batch.y[b : b + 1])
        assert batch.source_y is not None
        mixed_source = F.cross_entropy(net.source_predictor(features), batch.source_y[b : b + 1])
        total = total + 0.7 * plain + 0.4 * ((1 - share) * mixed_target + share * mixed_source)
    torch.testing.assert_close(step.loss, total / 4, atol=1e-5, rtol=1e-5)
    assert step.logs["k"] == round(share * 64)
    assert share == pytest.approx(round(fraction * 64) / 64)


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_the_loss_of_mixup_and_cutmix_against_the_equation(name: str) -> None:
    net, batch = make_net(), make_batch()
    weights = {"beta_1": 0.7, "beta_2": 0.4, "target_weight": 0.5, "source_weight": 2.0}
    step = methods[name](**weights).step(net, batch, TASK.sample_losses, 0.3, generator())
    target, source = net.embed_target(batch.x), net.embed_source(batch.source_x)
    draws = generator()
    fraction = torch.rand((), generator=draws, dtype=torch.float64).item()  # Beta(1, 1) is uniform
    mixed, share = mixers[name](target, source, fraction, layout=(64,), generator=draws)
    features = net.encode(mixed)
    assert batch.source_y is not None
    expected = (
        0.7 * F.cross_entropy(net(batch.x), batch.y)
        + 0.4 * (1 - share) * 0.5 * F.cross_entropy(net.predict_target(features), batch.y)
        + 0.4 * share * 2.0 * F.cross_entropy(net.source_predictor(features), batch.source_y)
    )
    torch.testing.assert_close(step.loss, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_fractions_are_beta_distributed(alpha: float) -> None:
    method, net = methods["mixup"](alpha=alpha), make_net()
    tokens, draws = torch.zeros(1, 64, 4), generator()
    fractions = [method.mix(net, tokens, tokens, 0.0, draws)[1] for _ in range(2000)]
    assert stats.kstest(fractions, stats.beta(alpha, alpha).cdf).pvalue > 0.01


def test_losses_of_the_mixture_can_be_left_out() -> None:
    net, batch = make_net(), make_batch()
    pare = methods["pare"](start=0.5, target_weight=0.0)
    step = pare.step(net, batch, TASK.sample_losses, 0.0, generator())
    logs = step.logs
    torch.testing.assert_close(
        step.loss, logs["loss_target"] + 0.3 * logs["lambda"] * logs["loss_mixed_source"]
    )


def test_the_gate_learns_while_it_explores_and_rests_after() -> None:
    for progress, learns in ((0.0, True), (0.49, True), (0.5, False), (1.0, False)):
        net = make_net()
        methods["pare"]().step(net, make_batch(), TASK.sample_losses, progress, generator()).loss.backward()
        assert (net.gate.weight.grad is not None) == learns


def test_without_replacement_pare_is_fine_tuning_twice_over() -> None:
    net, batch = make_net(), make_batch()
    pare = methods["pare"](start=0.0, end=0.0, beta_1=1.0, beta_2=0.5)
    step = pare.step(net, batch, TASK.sample_losses, 0.3, generator())
    plain = methods["nft"]().step(net, batch, TASK.sample_losses, 0.3, generator())
    torch.testing.assert_close(step.loss, 1.5 * plain.loss)


@pytest.mark.parametrize(
    ("options", "kind", "key"),
    [
        ({"start": 1.5}, "value", "start"),
        ({"start": 0.1, "end": 0.5}, "conflict", "end"),
        ({"beta_2": -1}, "value", "method.beta_2"),
        ({"explore": 2.0}, "value", "method.explore"),
        ({"mixer": "gaet"}, "unknown", "gaet"),
        ({"curriculum": "liner"}, "unknown", "liner"),
        ({"name": "pare", "source_weight": -0.5}, "value", "method.source_weight"),
        ({"name": "mixup", "alpha": 0.0}, "value", "method.alpha"),
        ({"name": "lora", "rank": 0}, "value", "method.rank"),
        ({"name": "lora", "dropout": 1.0}, "value", "method.dropout"),
        ({"name": "orca", "distance": "ottd"}, "unknown", "ottd"),
        ({"name": "orca", "align_epochs": -1}, "value", "method.align_epochs"),
        ({"name": "orca", "max_samples": 0}, "value", "method.max_samples"),
        ({"name": "orca", "align_lr": 0.0}, "value", "method.align_lr"),
        ({"name": "mona", "meta_steps": -1}, "value", "method.meta_steps"),
        ({"name": "mona", "samples": 1}, "value", "method.samples"),
        ({"name": "mona", "weight": -1.0}, "value", "method.weight"),
        ({"name": "mona", "inner_lr": 0.0}, "value", "method.inner_lr"),
        ({"name": "recraft", "distance": "ottd"}, "unknown", "ottd"),
        ({"name": "recraft", "distortion_epochs": -1}, "value", "method.distortion_epochs"),
        ({"name": "recraft", "distortion_samples": 1}, "value", "method.distortion_samples"),
        ({"name": "recraft", "rho": -1.0}, "value", "method.rho"),
        ({"name": "recraft", "predictor_lr": 0.0}, "value", "method.predictor_lr"),
    ],
)
def test_bad_options_are_said(
    options: dict[str, object], kind: Any, key: str, refuses: Callable[..., Any]
) -> None:
    options = {"name": "pare", **options}
    with refuses(kind, key):
        methods[str(options.pop("name"))](**options)
