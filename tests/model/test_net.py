"""The network as a whole."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import BertConfig, SwinConfig, ViTConfig

from isthmus.backbones import new_backbone
from isthmus.model import CrossModalNet, Net, NetSpec, Spec, load_net
from isthmus.model.predictors.last import DensePredictor
from isthmus.tasks import Output, Task

SMALL = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
CONFIGS = {
    "swin": SwinConfig(
        image_size=16, patch_size=2, embed_dim=4, depths=[1, 1], num_heads=[1, 2], window_size=4
    ),
    "vit": ViTConfig(image_size=12, patch_size=4, **SMALL),
    "bert": BertConfig(vocab_size=30, max_position_embeddings=20, **SMALL),
}


def make_net(
    config: str, input_shape: tuple[int, ...], output: Output, embedder: str = "patch", seed: int = 0
) -> CrossModalNet:
    spec = NetSpec(
        task="t",
        kind="regression",
        input_shape=input_shape,
        output_channels=output.channels,
        output_size=output.size,
        classes=(),
        embedder=embedder,
        embedder_options={},
        source_classes=3,
    )
    torch.manual_seed(seed)
    return CrossModalNet(new_backbone(CONFIGS[config], seed, config), spec).eval()


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize(
    ("input_shape", "output"),
    [
        ((2, 50), Output(4)),
        ((2, 50), Output(3, (50,))),
        ((1, 9, 11), Output(4)),
        ((1, 9, 11), Output(2, (9, 11))),
        ((1, 9, 11), Output(1, (20, 5))),
    ],
)
def test_every_input_and_output(config: str, input_shape: tuple[int, ...], output: Output) -> None:
    net = make_net(config, input_shape, output)
    x = torch.randn(3, *input_shape, generator=torch.Generator().manual_seed(0))
    assert net(x).shape == (3, output.channels, *output.size)
    tokens = net.embed_target(x)
    assert net.gate(tokens).shape == tokens.shape[:2]
    assert net.source_predictor(net.encode(tokens)).shape == (3, 3)
    assert torch.equal(net(x), net.predict_target(net.encode(tokens)))


@pytest.mark.parametrize("config", CONFIGS)
def test_saved_and_loaded_is_bitwise_equal(config: str, tmp_path: Path) -> None:
    net = make_net(config, (2, 50), Output(4), seed=7)
    net.x_mean.fill_(0.3)
    net.y_std.fill_(2.0)
    net.save_pretrained(tmp_path / "model")
    loaded = CrossModalNet.from_pretrained(tmp_path / "model")
    assert loaded.spec == net.spec
    for name, value in net.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value), name
    x = torch.randn(3, 2, 50, generator=torch.Generator().manual_seed(0))
    assert torch.equal(loaded(x), net(x))


def test_dense_output_stays_in_its_place() -> None:
    """What a token's features say changes the output at its place alone (merged tokens for Swin)."""
    net = make_net("swin", (1, 16, 16), Output(1, (16, 16)))
    predictor = net.target_predictor
    assert isinstance(predictor, DensePredictor)
    features = torch.zeros(1, 16, net.backbone.feature_width)  # 4 x 4 of the 8 x 8 tokens of 2 x 2 pixels
    changed = features.clone()
    changed[0, 6] = 1.0  # second row, third column: pixels 4-7, 8-11
    touched = (predictor([features]) != predictor([changed]))[0, 0].nonzero()
    assert touched.amin(0).tolist() == [4, 8]
    assert touched.amax(0).tolist() == [7, 11]


def test_dense_series_on_a_picture_backbone_keeps_its_order() -> None:
    net = make_net("swin", (1, 64), Output(1, (64,)))
    predictor = net.target_predictor
    features = torch.zeros(1, 16, net.backbone.feature_width)
    changed = features.clone()
    changed[0, 0] = 1.0  # tokens (0, 0), (0, 1), (1, 0), (1, 1) of the grid of 8 x 8, one sample each
    touched = (predictor([features]) != predictor([changed]))[0, 0].nonzero().flatten().tolist()
    assert touched == [0, 1, 8, 9]


def test_the_net_takes_and_gives_the_users_units() -> None:
    rng = np.random.default_rng(0)
    x, y = 5 + 3 * rng.normal(size=(20, 1, 30)), 100 + 10 * rng.normal(size=20)
    task = Task.from_arrays(x, y, kind="regression")
    net = make_net("vit", (1, 30), Output(1))
    net.fit_scale(task)
    seen: dict[str, Tensor] = {}
    net.embedder.register_forward_hook(lambda module, inputs, output: seen.update(x=inputs[0]))
    output = net(torch.from_numpy(task.train.x))
    assert seen["x"].mean().item() == pytest.approx(0, abs=1e-4)
    assert seen["x"].std(unbiased=False).item() == pytest.approx(1, abs=1e-4)
    raw = net.target_predictor(net.encode(net.embed_target(torch.from_numpy(task.train.x))))
    torch.testing.assert_close(output, raw * float(y.std()) + float(y.mean()), rtol=1e-4, atol=1e-3)


def test_a_constant_channel_stays_finite() -> None:
    x = np.stack([np.full((8, 30), 4.0), np.random.default_rng(0).normal(size=(8, 30))], 1)
    task = Task.from_arrays(x, np.arange(8) % 2)
    net = make_net("vit", (2, 30), Output(2))
    net.fit_scale(task)
    assert net(torch.from_numpy(task.train.x)).isfinite().all()


def test_starting_afresh_forgets_everything_but_the_seed() -> None:
    one, other = make_net("swin", (1, 50), Output(2), seed=1), make_net("swin", (1, 50), Output(2), seed=2)
    for net in (one, other):
        net.start_afresh(5)
    for part in ("backbone", "embedder"):
        for a, b in zip(one.parts()[part], other.parts()[part], strict=True):
            assert torch.equal(a, b)
    before = [p.clone() for p in one.parts()["backbone"]]
    one.start_afresh(6)
    assert any(not torch.equal(a, b) for a, b in zip(before, one.parts()["backbone"], strict=True))


def test_the_source_embedder_never_gets_a_gradient() -> None:
    net = make_net("swin", (1, 50), Output(2))
    pictures = torch.randint(0, 255, (2, 3, 20, 20), dtype=torch.uint8)
    tokens = net.embed_source(pictures)
    assert not tokens.requires_grad
    assert torch.equal(tokens, net.backbone.embed(net.backbone.prepare(pictures, 0)))
    own = {id(p) for _, p in net.backbone.named_embedding_parameters()}
    learning = {id(p) for parameters in net.parts().values() for p in parameters}
    assert not own & learning
    everything = {id(p) for p in net.parameters()}
    assert own | learning == everything


def test_bad_input_is_said(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    with refuses("conflict", "embedder"):
        make_net("swin", (1, 50), Output(2, (50,)), embedder="picture")
    with refuses("file", tmp_path):
        CrossModalNet.from_pretrained(tmp_path)
    net = make_net("vit", (1, 50), Output(2))
    net.save_pretrained(tmp_path)
    weights = tmp_path / "net.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with refuses("file", tmp_path, upto="is damaged or not an isthmus net:"):
        CrossModalNet.from_pretrained(tmp_path)
    weights.write_bytes(whole)
    text = (tmp_path / "net.json").read_text()
    (tmp_path / "net.json").write_text(text.replace('"output_channels": 2', '"output_channels": 5'))
    with refuses("file", tmp_path, upto="do not fit its net.json:"):
        CrossModalNet.from_pretrained(tmp_path)
    (tmp_path / "net.json").write_text("{}")
    with refuses("file", tmp_path / "net.json"):
        CrossModalNet.from_pretrained(tmp_path)


class Doubled(Net):
    """A net of another class, with a field of its own in its net.json."""

    class Spec(Spec):
        factor: float

    spec_type = Spec

    def __init__(self, spec: "Doubled.Spec") -> None:
        super().__init__(spec)
        self.weight = torch.nn.Parameter(torch.tensor(spec.factor))

    def parts(self) -> dict[str, list[torch.nn.Parameter]]:
        return {"weight": [self.weight]}

    @classmethod
    def from_spec(cls, spec: Any, folder: Path) -> Self:
        return cls(spec)


def test_a_folder_says_which_class_of_net_it_holds(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    crossing = make_net("vit", (1, 50), Output(2))
    crossing.save_pretrained(tmp_path / "crossing")
    task = crossing.spec.model_dump(include=set(Spec.model_fields))
    Doubled(Doubled.Spec(**task, factor=2.0)).save_pretrained(tmp_path / "doubled")
    for folder, kind in (("crossing", CrossModalNet), ("doubled", Doubled)):
        net = load_net(tmp_path / folder, Doubled)
        assert type(net) is kind
        assert not net.training
    assert type(load_net(tmp_path / "crossing")) is CrossModalNet
    with refuses("file", tmp_path / "doubled" / "net.json", upto="is damaged"):
        load_net(tmp_path / "doubled")
    with refuses("file", tmp_path):
        load_net(tmp_path, Doubled)
