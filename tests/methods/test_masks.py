"""A source with masks is learnt by a dense head, at each point of the picture."""

from typing import Any

import numpy as np
import pytest
import torch

from isthmus.backbones import load_backbone
from isthmus.config.schema import OptimConfig
from isthmus.methods import Batch
from isthmus.methods import methods as registered_methods
from isthmus.model import CrossModalNet, NetSpec
from isthmus.sources import Source
from isthmus.tasks import Split

methods: Any = registered_methods  # each has options and steps of its own


SIZE = (8, 12)
RNG = np.random.default_rng(0)
MASKS = RNG.integers(0, 2, (6, *SIZE), dtype=np.uint8)
PICTURES = RNG.integers(0, 256, (6, 3, 16, 16), dtype=np.uint8)
SOURCE = Source("s", "image", PICTURES, MASKS, ("ground", "ink"))
ALL = np.arange(6)


def no_loss(output: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    raise AssertionError("the alignment reads no loss")


@pytest.fixture
def make_net(backbones):
    """On a tiny backbone, for a series or a picture: make_net(backbone, input_shape)."""

    def make(name: str, shape: tuple[int, ...] = (1, 16)) -> CrossModalNet:
        spec = NetSpec(
            task="t",
            kind="classification",
            input_shape=shape,
            output_channels=3,
            output_size=(),
            classes=(0, 1, 2),
            embedder="patch",
            embedder_options={},
            source_classes=2,
            source_size=SIZE,
        )
        torch.manual_seed(0)
        return CrossModalNet(load_backbone(backbones[name]), spec)

    return make


@pytest.mark.parametrize("name", ["swin", "vit"])
@pytest.mark.parametrize("shape", [(1, 16), (2, 9, 9)])
def test_two_logits_a_point_whatever_the_target(make_net, name, shape):
    net = make_net(name, shape)
    logits = net.source_predictor(net.encode(net.embed_source(SOURCE.take(ALL))))
    assert logits.shape == (6, 2, *SIZE)
    logits.sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in net.source_predictor.parameters())


def test_a_point_is_told_from_the_patch_that_it_lies_in(make_net):
    net = make_net("vit")  # 4 x 4 tokens, so that each stands for 2 x 3 points
    features = torch.zeros(1, 16, net.backbone.feature_width)
    ground = net.source_predictor([features])
    features[0, 4 * 1 + 2] = 1.0
    moved = (net.source_predictor([features]) - ground).abs().sum(1)[0] > 0
    expected = torch.zeros(SIZE, dtype=torch.bool)
    expected[2:4, 6:9] = True
    assert moved.equal(expected)


def test_the_loss_is_the_mean_over_all_points(make_net, monkeypatch):
    net, method = make_net("swin"), methods["pare"]()
    monkeypatch.setattr(method, "mix", lambda net, target, source, *_: (source, 1.0))
    x = torch.from_numpy(RNG.normal(size=(6, 1, 16)).astype(np.float32))
    batch = Batch(x, torch.zeros(6, dtype=torch.int64), SOURCE.take(ALL), SOURCE.labels(ALL))

    def loss(output, y):
        return output.sum(1) * 0

    found = method.step(net.eval(), batch, loss, 0.0, torch.Generator()).logs["loss_mixed_source"]
    with torch.no_grad():
        logits = net.source_predictor(net.encode(net.embed_source(SOURCE.take(ALL)))).double().numpy()
    total = np.logaddexp(logits[:, 0], logits[:, 1])
    right = np.where(MASKS == 1, logits[:, 1], logits[:, 0])
    assert found.item() == pytest.approx((total - right).mean(), rel=1e-5)


def test_masks_are_learnt(make_net, monkeypatch):
    """One half of a picture is bright, the left or the right."""
    pictures, masks = np.zeros((6, 3, 16, 16), np.uint8), np.zeros((6, *SIZE), np.uint8)
    pictures[::2, ..., :8] = pictures[1::2, ..., 8:] = 255
    masks[::2, :, :6] = masks[1::2, :, 6:] = 1
    source = Source("s", "image", pictures, masks, ("ground", "ink"))
    net, method = make_net("vit"), methods["pare"]()
    monkeypatch.setattr(method, "mix", lambda net, target, source, *_: (source, 1.0))
    x, y = torch.zeros(6, 1, 16), torch.zeros(6, dtype=torch.int64)
    batch = Batch(x, y, source.take(ALL), source.labels(ALL))
    optimizer = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], 0.01)
    found = []
    for _ in range(40):
        step = method.step(net, batch, lambda output, y: output.sum(1) * 0, 0.0, torch.Generator())
        optimizer.zero_grad()
        step.loss.backward()
        optimizer.step()
        found.append(step.logs["loss_mixed_source"].item())
    assert found[-1] < 0.3 * found[0]


def test_alignment_takes_masks_by_likeness(make_net):
    train = Split(RNG.normal(size=(9, 1, 16)).astype(np.float32), np.arange(9) % 3)
    net, method = make_net("swin"), methods["orca"](align_epochs=2)
    method.prepare(net, 0)
    before = net.embedder.projection.weight.clone()
    method.align(net, train, SOURCE, OptimConfig(lr=1e-3), 0, no_loss)
    assert not net.embedder.projection.weight.equal(before)
    assert torch.isfinite(net.embedder.projection.weight).all()


def test_it_is_saved_and_an_older_net_has_classes(make_net, tmp_path):
    net = make_net("swin").eval()
    net.save_pretrained(tmp_path)
    again = CrossModalNet.from_pretrained(tmp_path)
    x = net.embed_source(SOURCE.take(ALL))
    assert again.source_predictor(again.encode(x)).equal(net.source_predictor(net.encode(x)))
    older = NetSpec.model_validate(net.spec.model_dump(exclude={"source_size"}))
    assert older.source_size == ()
