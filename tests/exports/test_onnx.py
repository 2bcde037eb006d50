"""ONNX files give the outputs of their networks: every family of backbones, every specialist that can."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

import isthmus
from isthmus.backbones import Backbone, families, load_backbone, new_backbone
from isthmus.config import complete_options, make_config
from isthmus.config.resolve import make
from isthmus.errors import InputError
from isthmus.exports import ExportedNet, exporters
from isthmus.methods import methods
from isthmus.methods.specialists.specialist import OneShotSpecialist, SpecialistMethod
from isthmus.model import CrossModalNet, Net, NetSpec
from isthmus.tasks import Task

pytestmark = pytest.mark.slow

ABOUT = '{"task": "t", "kind": "regression", "input_shape": %s, "output_channels": 3, "classes": [], %s}'
LAYERS = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
SWIN = {
    "image_size": 16,
    "patch_size": 2,
    "embed_dim": 8,
    "depths": [1, 1],
    "num_heads": [1, 2],
    "window_size": 4,
}
CONFIGS: dict[str, Any] = {
    "swin": lambda: transformers.SwinConfig(**SWIN),
    "swinv2": lambda: transformers.Swinv2Config(**SWIN),
    "vit": lambda: transformers.ViTConfig(**LAYERS, image_size=16, patch_size=4),
    "deit": lambda: transformers.DeiTConfig(**LAYERS, image_size=16, patch_size=4),
    "dinov2": lambda: transformers.Dinov2Config(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=2, mlp_ratio=2, image_size=16, patch_size=4
    ),
    "bert": lambda: transformers.BertConfig(**LAYERS, vocab_size=10, max_position_embeddings=24),
    "roberta": lambda: transformers.RobertaConfig(**LAYERS, vocab_size=10, max_position_embeddings=26),
    "resnet": lambda: transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic"
    ),
    "convnext": lambda: transformers.ConvNextConfig(
        hidden_sizes=[8, 16], depths=[1, 1], num_stages=2, image_size=32
    ),
}


def small(family: str) -> Backbone:
    """Return a small backbone of a family."""
    if family == "efficientnet_lite":
        return load_backbone("efficientnet-lite0", 32)
    return new_backbone(CONFIGS[family](), 0)


def crossing(backbone: Backbone, shape: tuple[int, ...] = (2, 20), **more: Any) -> CrossModalNet:
    """Return a network with random weights, whose scales are not one."""
    spec = {"task": "t", "kind": "regression", "output_channels": 3, "output_size": (), "classes": ()}
    spec |= {"embedder": "patch", "embedder_options": {}, "source_classes": 2, "input_shape": shape}
    torch.manual_seed(0)
    net = CrossModalNet(backbone, NetSpec(**spec | more)).eval()
    net.x_mean, net.y_std = net.x_mean + 2.0, net.y_std * 3.0
    return net


def check_equal(net: Net, file: Path) -> None:
    """Export a network, and compare its outputs for other samples than the exporter has."""
    shape = net.spec.input_shape
    exporters["onnx"](net, ABOUT % (list(shape), '"description": null'), file)
    x = 2 + np.random.default_rng(1).normal(size=(3, *shape)).astype(np.float32)
    with torch.no_grad():
        expected = net(torch.from_numpy(x)).numpy()
    found = ExportedNet(file).outputs(x)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("family", sorted(families))
def test_every_family(family: str, tmp_path: Path) -> None:
    check_equal(crossing(small(family)), tmp_path / "net.onnx")


@pytest.mark.parametrize(
    "what",
    [
        {"shape": (3, 8, 10)},
        {"output_size": (20,)},
        {"embedder": "picture", "shape": (1, 150)},
        {"embedder": "views"},
        {"readout": "stages"},
    ],
    ids=str,
)
def test_shapes_embedders_and_readouts(what: dict[str, Any], tmp_path: Path) -> None:
    check_equal(crossing(small("swin"), **what), tmp_path / "net.onnx")


REFUSED = {"darts", "fno", "hydra", "rocket", "s2cnn", "xgboost"}
"""What ONNX, or the exporter, cannot express"""


@pytest.mark.parametrize(
    "name", sorted(n for n, kind in methods.items() if issubclass(kind, SpecialistMethod))
)
def test_every_specialist(
    name: str, small_options: dict[str, dict[str, Any]], tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    net = specialist(name, {} if name in REFUSED else small_options.get(name, {}), tmp_path)
    if name not in REFUSED:
        check_equal(net, tmp_path / "net.onnx")
        return
    with refuses("conflict", "onnx", upto=":"):
        exporters["onnx"](net, ABOUT, tmp_path / "net.onnx")
    assert not list(tmp_path.glob("*.onnx")) + list(tmp_path.glob(".*"))


def specialist(name: str, options: dict[str, Any], folder: Path) -> Net:
    """Return the network of a specialist for the first small task that it takes."""
    rng = np.random.default_rng(0)
    for shape in ((2, 32), (3, 16, 16), (3, 60, 60)):  # the last for the sphere
        x = rng.normal(size=(12, *shape)).astype(np.float32)
        for y, kind in (
            (np.arange(12) % 3, "classification"),
            (rng.normal(size=(12, 1, *shape[1:])), "regression"),
        ):
            task = Task.from_arrays(x, y, kind=kind, name="tiny")
            part = complete_options("method", {"name": name, **options}, methods[name])
            method = make("method", part)
            try:
                if isinstance(method, OneShotSpecialist):
                    return isthmus.fit(task, method=part, out=folder / "run", floor=False, validation=0).net
                return method.build(make_config({"task": "tiny", "method": part}), task).eval()
            except InputError:
                continue
    pytest.skip(f"{name} takes none of the small tasks")


def test_a_run_is_exported_and_predicts_the_same(
    make_task: Callable[..., Task],
    backbones: dict[str, str],
    run: Callable[..., Any],
    refused: Callable[..., str],
    tmp_path: Path,
) -> None:
    short = {"epochs": 1, "epoch_steps": 2, "batch_size": 4, "probe_samples": 0, "embedder": "patch"}
    task = make_task("classification")
    done = isthmus.fit(task, method="nft", backbone=backbones["bert"], out=tmp_path / "run", **short)
    code, out, _ = run("export", "run")
    assert (code, out) == (0, "run/model.onnx\n")
    np.save(tmp_path / "new.npy", np.asarray(task.test.x))
    for place in ("run", "run/model.onnx"):
        assert run("predict", place, "new.npy", "-o", f"{Path(place).name}.csv")[0] == 0
    assert (tmp_path / "run.csv").read_text() == (tmp_path / "model.onnx.csv").read_text()
    assert np.array_equal(
        ExportedNet(tmp_path / "run" / "model.onnx").predict(task.test.x), done.predict(task.test.x)
    )
    refused(run("export", "run", "--to", "onx"))
    refused(run("export", "run", "-o", "net.pt"))
    refused(run("export", "nothing"))
