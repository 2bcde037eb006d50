"""Pictures from run folders."""

from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
import torch
from transformers import SwinConfig

import isthmus
from isthmus.backbones import new_backbone
from isthmus.report import cross, draw_curves, draw_embeddings, draw_replaced
from isthmus.training import Run

RNG = np.random.default_rng(0)
SERIES = isthmus.Task.from_arrays(RNG.normal(size=(12, 1, 40)), np.arange(12) % 2, name="series")
GREY = isthmus.Task.from_arrays(RNG.normal(size=(12, 1, 9, 9)), np.arange(12) % 2, name="grey")


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> str:
    config = SwinConfig(
        image_size=16, patch_size=2, embed_dim=4, depths=[1, 1], num_heads=[1, 2], window_size=4
    )
    folder = tmp_path_factory.mktemp("tiny")
    new_backbone(config, 0).save_pretrained(folder)
    return str(folder)


def fit(task: isthmus.Task, backbone: str, out: Path, **asked: object) -> Run:
    return isthmus.fit(task, backbone=backbone, out=out, epochs=2, epoch_steps=2, batch_size=4, **asked)


@pytest.mark.parametrize(
    ("task", "embedder"), [(SERIES, "patch"), (SERIES, "picture"), (GREY, "patch"), (GREY, "picture")]
)
def test_the_bridge_and_its_pictures(
    task: isthmus.Task, embedder: str, backbone: str, tmp_path: Path
) -> None:
    run = fit(task, backbone, tmp_path / "run", method="pare", embedder=embedder)
    bridge = cross(run, task)
    assert bridge.fractions == [0.6, 0.3, 0.0]
    assert [int(freed.sum(1)[0]) for freed in bridge.freed] == [38, 19, 0]  # of 64 tokens
    assert list(bridge.features) == ["source", "k/L = 0.60", "k/L = 0.30", "target"]
    scores = run.net.score(run.net.embed_target(bridge.x)).detach()
    for freed in bridge.freed[:2]:  # what goes scores lower than what stays
        assert (scores.masked_fill(~freed, -1).amax(1) <= scores.masked_fill(freed, 2).amin(1)).all()
    with torch.inference_mode():
        features = run.net.encode(run.net.embed_target(bridge.x)).mean(1)
    np.testing.assert_allclose(bridge.features["target"], features, atol=1e-6)

    draw_replaced(bridge, tmp_path / "replaced.png")
    draw_embeddings(bridge, tmp_path / "embeddings.png")
    draw_curves({"pare": run}, tmp_path / "curves.png")
    for name in ("replaced", "embeddings", "curves"):
        picture = matplotlib.image.imread(tmp_path / f"{name}.png")
        assert picture.std() > 0.01  # something is drawn
    assert sorted(p.suffix for p in tmp_path.iterdir() if p.is_file()) == [".png"] * 3  # nothing left beside


def test_a_run_that_does_not_mix_has_no_bridge(backbone: str, tmp_path: Path) -> None:
    run = fit(SERIES, backbone, tmp_path / "run", method="nft")
    with pytest.raises(isthmus.InputError, match="'nft' does not mix"):
        cross(run, SERIES)
