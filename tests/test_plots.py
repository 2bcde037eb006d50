"""Figures from run folders."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
import torch
from transformers import SwinConfig

import isthmus
from isthmus.backbones import new_backbone
from isthmus.plots import (
    draw_curves,
    draw_embeddings,
    draw_replaced,
    intermediate_modalities,
    measure_distances,
)
from isthmus.plots.intermediate import modality_features
from isthmus.training import Run

pytestmark = pytest.mark.slow

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


def fit(task: isthmus.Task, backbone: str, out: Path, **settings: Any) -> Run:
    return isthmus.fit(task, backbone=backbone, out=out, epochs=2, epoch_steps=2, batch_size=4, **settings)


@pytest.mark.parametrize(
    ("task", "embedder"), [(SERIES, "patch"), (SERIES, "picture"), (GREY, "patch"), (GREY, "picture")]
)
def test_modalities_and_their_figures(
    task: isthmus.Task, embedder: str, backbone: str, tmp_path: Path
) -> None:
    run = fit(task, backbone, tmp_path / "run", method="pare", embedder=embedder)
    modalities = intermediate_modalities(run, task)
    net = modalities.net
    assert modalities.fractions == {"start": 0.6, "middle": 0.3, "end": 0.0}
    counts = [int(modalities.replaced_tokens(modalities.k(f)).sum(1)[0]) for f in (0.6, 0.3, 0.0)]
    assert counts == [38, 19, 0]  # of 64 tokens
    assert list(modality_features(modalities)) == ["source", "k/L = 0.60", "k/L = 0.30", "target"]
    scores = net.gate(net.embed_target(modalities.x)).detach()
    for k in (38, 19):  # what goes scores lower than what stays
        replaced = modalities.replaced_tokens(k)
        assert (scores.masked_fill(~replaced, -1).amax(1) <= scores.masked_fill(replaced, 2).amin(1)).all()
    with torch.inference_mode():
        features = net.encode(net.embed_target(modalities.x))[-1].mean(1)
    torch.testing.assert_close(modalities.features(modalities.target), features)

    draw_replaced(modalities, tmp_path / "replaced.png")
    draw_embeddings(modalities, tmp_path / "embeddings.png")
    draw_curves({"pare": run}, tmp_path / "curves.png")
    for name in ("replaced", "embeddings", "curves"):
        picture = matplotlib.image.imread(tmp_path / f"{name}.png")
        assert picture.std() > 0.01  # something is drawn
    assert sorted(p.suffix for p in tmp_path.iterdir() if p.is_file()) == [".png"] * 3  # nothing left beside


def test_intermediate_modalities_lead_from_source_to_target(backbone: str, tmp_path: Path) -> None:
    run = fit(SERIES, backbone, tmp_path / "run", method="pare")
    modalities = intermediate_modalities(run, SERIES)
    assert torch.equal(modalities.mixed_tokens(0), modalities.target)
    assert torch.equal(modalities.mixed_tokens(modalities.token_count), modalities.source)
    rows = measure_distances(modalities)
    assert [row["k"] for row in rows] == [0, 8, 16, 24, 32, 40, 48, 56, 64]
    to_source, to_target = ([row[key] for row in rows] for key in list(rows[0])[2:])
    assert to_target[0] == to_source[-1] == pytest.approx(0, abs=1e-4)
    assert all(distance > 0.01 for distance in [*to_source[:-1], *to_target[1:]])


@pytest.mark.parametrize("method", ["nft", "mixup", {"name": "pare", "mixer": "random", "end": 0.2}])
def test_any_run_can_be_looked_at(method: object, backbone: str, tmp_path: Path) -> None:
    run = fit(SERIES, backbone, tmp_path / "run", method=method)
    files = isthmus.inspect(run, SERIES)
    assert [file.name for file in files] == [
        "curves.png",
        "replaced.png",
        "embeddings.png",
        "distances.png",
        "distances.csv",
    ]
    assert all(file.parent == tmp_path / "run" / "inspect" and file.stat().st_size > 0 for file in files)
    elsewhere = isthmus.inspect(run.folder, SERIES, tmp_path / "elsewhere")
    assert elsewhere[-1].read_bytes() == files[-1].read_bytes()  # what chance decides, the seed decides


def test_a_task_without_a_name_must_be_given(
    backbone: str, tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    run = fit(SERIES, backbone, tmp_path / "run", method="nft")
    with refuses("missing", "task"):
        isthmus.inspect(run)
    with refuses("file", tmp_path / "none"):
        isthmus.inspect(tmp_path / "none")


def test_a_specialist_has_no_modalities_to_cross(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    run = isthmus.fit(SERIES, method="wrn", out=tmp_path / "run", epochs=1, epoch_steps=1, batch_size=4)
    with refuses("value", "method"):
        isthmus.inspect(run, SERIES)
