"""Figures of features in the plane: from source to target, and by class of the target."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.decomposition import PCA

from isthmus.plots.intermediate import IntermediateModalities, modality_features
from isthmus.plots.style import PALETTE, QUIET, WIDTH, above, colour_of, new_figure, shortened

MARKERS = "osD^vPX*"
SHOWN = len(MARKERS)
"""Classes that have a colour and a marker of their own"""


@dataclass(frozen=True, eq=False)
class Plane:
    """Pooled features of each modality on the first two principal components of all of them together.

    Attributes:
        points: Points [N, 2] of each modality, from source to target.
        share: Share of the variance along each component.
        values: Class of each target sample, or the number to predict, [N]; None for targets of other kinds.
    """

    points: dict[str, np.ndarray]
    share: tuple[float, float]
    values: np.ndarray | None


def feature_plane(modalities: IntermediateModalities) -> Plane:
    """Project the features of a run's modalities on a plane."""
    features = modality_features(modalities)
    found = PCA(2, random_state=0).fit(np.concatenate(list(features.values())))
    y, (first, second) = modalities.y, found.explained_variance_ratio_.tolist()
    if y.ndim == 2 and not modalities.net.spec.classes and modalities.net.spec.output_channels == 1:
        y = y[:, 0]
    points = {name: found.transform(rows) for name, rows in features.items()}
    return Plane(points, (first, second), y if y.ndim == 1 else None)


def draw_embeddings(plane: Plane) -> Figure:
    """Draw features in the plane, each modality in a shade of its own, and their means."""
    shades = colormaps["viridis"](np.linspace(0.85, 0.05, len(plane.points)))
    with new_figure(WIDTH, 3.6) as figure:
        axes = figure.subplots()
        for shade, marker, (name, rows) in zip(shades, MARKERS, plane.points.items(), strict=False):
            axes.scatter(rows[:, 0], rows[:, 1], s=10, color=shade, alpha=0.5, linewidth=0, marker=marker)
            x, y = rows.mean(0).tolist()
            axes.scatter(x, y, s=80, color=shade, marker=marker, edgecolor="white", label=name)
        _finish(axes, plane, "modality (large: mean)")
    return figure


def draw_classes(plane: Plane, classes: Sequence[object] = ()) -> Figure | None:
    """Draw features in the plane, target samples in the colour of their class or of their target's value.

    Args:
        plane: Features in the plane.
        classes: Names of the classes; () where targets are numbers.

    Returns:
        The figure; None where a target is neither a class nor a number.
    """
    if plane.values is None:
        return None
    with new_figure(WIDTH, 3.6) as figure:
        axes, target = figure.subplots(), plane.points["target"]
        source = plane.points["source"]
        axes.scatter(source[:, 0], source[:, 1], s=10, color=QUIET, alpha=0.3, linewidth=0, label="source")
        if classes:
            _draw_each_class(axes, target, plane.values, classes)
        else:
            drawn = axes.scatter(
                target[:, 0], target[:, 1], s=14, c=plane.values, cmap="viridis", linewidth=0, label="target"
            )
            figure.colorbar(drawn, ax=axes, label="value of the target")
        _finish(axes, plane, "class of the target" if classes else None)
    return figure


def _draw_each_class(axes: Axes, points: np.ndarray, values: np.ndarray, classes: Sequence[object]) -> None:
    """Draw the first classes with a colour and a marker each, and the others alike."""
    present = np.unique(values).tolist()
    for number, label in enumerate(present[:SHOWN]):
        axes.scatter(
            points[values == label, 0],
            points[values == label, 1],
            s=14,
            color=colour_of(number),
            marker=MARKERS[number],
            linewidth=0,
            alpha=0.8,
            label=shortened(classes[label], 13),
        )
    others = points[np.isin(values, present[SHOWN:])]
    if len(others):
        name = f"{len(present) - SHOWN} other classes"
        axes.scatter(
            others[:, 0], others[:, 1], s=8, color=PALETTE[-1], marker="x", linewidth=0.6, label=name
        )


def _finish(axes: Axes, plane: Plane, title: str | None) -> None:
    """Label the axes, and put the legend above the drawing."""
    first, second = plane.share
    axes.set(
        xlabel=f"first principal component ({first:.0%} of variance)",
        ylabel=f"second ({second:.0%} of variance)",
    )
    above(axes, 3, title)
