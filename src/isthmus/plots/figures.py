"""Figures of runs: curves over the epochs, features in the plane, distances between modalities."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn.decomposition import PCA

from isthmus.files import atomic_write
from isthmus.plots.intermediate import IntermediateModalities, modality_features
from isthmus.training import Run
from isthmus.training.callbacks import read_rows

COLOURS = {"scratch": "#8a8a8a", "nft": "#2f6fb0", "pare": "#d1495b"}
"""Colours of methods that have one of their own."""

SOURCE_COLOUR, TARGET_COLOUR = "#e09f3e", "#2f6fb0"


@contextmanager
def saved_figure(path: Path, width: float, height: float) -> Iterator[Figure]:
    """Make a figure without a screen, and save it as PNG when the block ends without an error.

    Args:
        path: File to write, whole or not at all.
        width: Width in inches.
        height: Height in inches.
    """
    figure = Figure((width, height), layout="constrained")
    FigureCanvasAgg(figure)
    yield figure
    with atomic_write(path) as part:
        figure.savefig(part, dpi=120, format="png")


def draw_curves(runs: dict[str, Run], path: Path) -> None:
    """Draw training loss and validation error of runs over the epochs, and k where a run mixes.

    Args:
        runs: Runs of one task, by their names in the legend.
        path: File to write.
    """
    with saved_figure(path, 9, 3.6) as figure:
        losses, errors = figure.subplots(1, 2)
        for name, run in runs.items():
            rows = read_rows(run.folder / "metrics.csv")
            epochs = [row["epoch"] for row in rows]
            style = {"label": name, "color": COLOURS.get(name)}
            losses.plot(epochs, [row.get("loss_target", row["loss"]) for row in rows], **style)
            if "val_error" in rows[0]:
                errors.plot(epochs, [row["val_error"] for row in rows], **style)
            if "k" in rows[0]:
                counts = losses.twinx()
                counts.fill_between(
                    epochs, [row["k"] for row in rows], step="mid", color=COLOURS.get(name), alpha=0.12
                )
                counts.set(ylabel=f"{name}: replaced tokens k (shaded)", ylim=(0, None))
        losses.set(xlabel="epoch", ylabel="training loss on target samples", yscale="log")
        errors.set(xlabel="epoch", ylabel="validation error")
        for axes in (losses, errors):
            axes.spines[["top"]].set_visible(False)
        losses.legend(frameon=False)


def draw_embeddings(modalities: IntermediateModalities, path: Path) -> None:
    """Draw the pooled features of every modality on their first two principal components.

    Args:
        modalities: Modalities of a run; the components are those of all of them together.
        path: File to write.
    """
    features = modality_features(modalities)
    plane = PCA(2, random_state=0).fit(np.concatenate(list(features.values())))
    shades = colormaps["viridis"](np.linspace(0.85, 0.05, len(features)))
    with saved_figure(path, 5.2, 4.2) as figure:
        axes = figure.subplots()
        for shade, (name, points) in zip(shades, features.items(), strict=True):
            x, y = plane.transform(points).T
            axes.scatter(x, y, s=12, color=shade, alpha=0.6, linewidth=0)
            axes.plot(x.mean(), y.mean(), "o", color=shade, markersize=9, markeredgecolor="white", label=name)
        share = plane.explained_variance_ratio_
        axes.set(
            xlabel=f"first principal component ({share[0]:.0%})",
            ylabel=f"second principal component ({share[1]:.0%})",
            title="features from source to target",
        )
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=8)


def draw_distances(rows: list[dict[str, float]], path: Path) -> None:
    """Draw the distances between modalities over the replaced fraction.

    Args:
        rows: Distances from `measure_distances`.
        path: File to write.
    """
    fractions = [row["fraction"] for row in rows]
    curves = (
        ("source_to_intermediate", "source to intermediate", SOURCE_COLOUR),
        ("intermediate_to_target", "intermediate to target", TARGET_COLOUR),
    )
    with saved_figure(path, 5.2, 3.6) as figure:
        axes = figure.subplots()
        for key, label, colour in curves:
            axes.plot(fractions, [row[key] for row in rows], "o-", color=colour, markersize=4, label=label)
        axes.set(xlabel="replaced fraction k / L", ylabel="OTDD of features", xlim=(0, 1), ylim=(0, None))
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
