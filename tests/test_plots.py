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
    draw_classes,
    draw_curves,
    draw_distances,
    draw_embeddings,
    draw_replaced,
    feature_plane,
    intermediate_modalities,
    measure_distances,
    save,
)
from isthmus.plots.intermediate import modality_features
from isthmus.plots.style import SOURCE_COLOUR
from isthmus.training import Run
from isthmus.training.callbacks import read_rows
from isthmus.training.kept import SAMPLES

pytestmark = pytest.mark.slow

CURVES = ("source_to_intermediate", "intermediate_to_target")
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
    modalities = intermediate_modalities(run, task.train)
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

    plane = feature_plane(modalities)
    figures = {
        "replaced": draw_replaced(modalities),
        "embeddings": draw_embeddings(plane),
        "classes": draw_classes(plane, task.classes),
        "curves": draw_curves({"pare": read_rows(run.folder / "metrics.csv")}),
    }
    for name, figure in figures.items():
        save(figure, tmp_path / f"{name}.png")
        picture = matplotlib.image.imread(tmp_path / f"{name}.png")
        assert picture.std() > 0.01  # something is drawn
    assert sorted(p.suffix for p in tmp_path.iterdir() if p.is_file()) == [".png"] * 4  # nothing left beside
    assert [text.get_text() for text in figures["classes"].axes[0].get_legend().get_texts()] == [
        "source",
        "0",
        "1",
    ]


def test_intermediate_modalities_lead_from_source_to_target(backbone: str, tmp_path: Path) -> None:
    run = fit(SERIES, backbone, tmp_path / "run", method="pare")
    modalities = intermediate_modalities(run, SERIES.train)
    assert torch.equal(modalities.mixed_tokens(0), modalities.target)
    assert torch.equal(modalities.mixed_tokens(modalities.token_count), modalities.source)
    rows = measure_distances(modalities)
    assert [row["k"] for row in rows] == [0, 8, 16, 24, 32, 40, 48, 56, 64]
    to_source, to_target = ([row[key] for row in rows] for key in CURVES)
    assert to_target[0] == to_source[-1] == pytest.approx(0, abs=1e-4)
    assert all(distance > 0.01 for distance in [*to_source[:-1], *to_target[1:]])
    for row in rows:
        for key in CURVES:
            assert (row[f"{key}_error"] > 0) == (row[key] > 0.01)
            assert row[f"{key}_error"] < row[key] or row[key] < 0.01
    axes = draw_distances(rows).axes[0]
    assert [list(line.get_ydata()) for line in axes.lines] == [to_source, to_target]
    assert len(axes.collections) == 2  # a band for each


def test_replaced_patches_are_seen_on_any_ground(backbone: str, tmp_path: Path) -> None:
    """Patches of a black source on a black ground were not."""
    run = fit(SERIES, backbone, tmp_path / "run", method="pare", embedder="picture")
    modalities = intermediate_modalities(run, SERIES.train)
    modalities.source_x[:] = 0
    before, start = (axes.images[0].get_array() for axes in draw_replaced(modalities).axes[:2])
    assert before.mean() > 0.5  # dark ink on light ground
    changed = (np.abs(before - start) > 0.1).any(-1)
    assert changed.mean() == pytest.approx(38 / 64, abs=0.02)
    assert (start[changed].std(0) < 1e-6).all()
    red, _, blue = start[changed][0]
    assert red > blue  # as in the colour of the source
    assert SOURCE_COLOUR == "#e69f00"


@pytest.mark.parametrize("method", ["nft", "mixup", {"name": "pare", "mixer": "random", "end": 0.2}])
def test_any_run_can_be_looked_at(method: object, backbone: str, tmp_path: Path) -> None:
    run = fit(SERIES, backbone, tmp_path / "run", method=method)
    files = isthmus.inspect(run, SERIES)
    replaces = isinstance(method, dict)
    assert [file.name for file in files] == [
        "curves.png",
        *["replaced.png"] * replaces,
        "embeddings.png",
        "classes.png",
        "distances.png",
        "distances.csv",
    ]
    names = list(modality_features(intermediate_modalities(run, SERIES.train)))
    assert names == (
        ["source", "k/L = 0.60", "k/L = 0.40", "k/L = 0.20", "target"] if replaces else ["source", "target"]
    )
    assert all(file.parent == tmp_path / "run" / "inspect" and file.stat().st_size > 0 for file in files)
    elsewhere = isthmus.inspect(run.folder, SERIES, tmp_path / "elsewhere")
    assert elsewhere[-1].read_bytes() == files[-1].read_bytes()  # what chance decides, the seed decides


def test_a_task_without_a_name_is_looked_at_by_the_samples_that_were_kept(
    backbone: str, tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    run = fit(SERIES, backbone, tmp_path / "run", method="nft")
    assert isthmus.inspect(run)[0].is_file()  # of the samples that it has kept
    (run.folder / SAMPLES).unlink()
    with refuses("missing", "task"):
        isthmus.inspect(run)
    with refuses("file", tmp_path / "none"):
        isthmus.inspect(tmp_path / "none")


def test_a_specialist_has_no_modalities_to_cross(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    run = isthmus.fit(SERIES, method="wrn", out=tmp_path / "run", epochs=1, epoch_steps=1, batch_size=4)
    with refuses("value", "method"):
        isthmus.inspect(run, SERIES)


def test_a_number_to_predict_is_shown_as_a_colour(backbone: str, tmp_path: Path) -> None:
    task = isthmus.Task.from_arrays(SERIES.train.x, np.arange(12.0), kind="regression", name="numbers")
    run = fit(task, backbone, tmp_path / "run", method="nft")
    plane = feature_plane(intermediate_modalities(run, task.train))
    assert sorted(plane.values.tolist()) == list(range(12))
    assert draw_classes(plane).axes[1].get_ylabel() == "value of the target"


@pytest.mark.parametrize("epochs", [1, 2, 30])
def test_curves_are_seen_from_the_first_epoch_on(epochs: int) -> None:
    rows = [{"epoch": e + 1, "loss": 2.0 / (e + 1), "val_error": 0.5} for e in range(epochs)]
    for axes in draw_curves({"nft": rows}).axes:
        (line,) = axes.lines
        assert len(line.get_xdata()) == epochs
        assert (line.get_marker() == "o") == (epochs < 30)
        ticks = [tick for tick in axes.get_xticks() if axes.get_xlim()[0] <= tick <= axes.get_xlim()[1]]
        assert all(tick == int(tick) for tick in ticks)
