"""Section about calibration: whether predictions of 80 % are right in 80 % of cases."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from isthmus.plots.reliability import draw_reliability
from isthmus.reports.section import Drawing, Section, make_table
from isthmus.tasks import problem_types
from isthmus.training.kept import SavedOutputs

BINS = 10


@dataclass(frozen=True, eq=False)
class Reliability:
    """Predictions by their confidence.

    Attributes:
        edges: Edges of the bins, [B + 1].
        right: Share of predictions that come true in each bin, [B]; NaN in an empty one.
        counts: Number of predictions in each bin, [B].
        expected_error: Expected calibration error: the mean distance of confidence and share, by predictions.
    """

    edges: np.ndarray
    right: np.ndarray
    counts: np.ndarray
    expected_error: float


def reliability(confidence: np.ndarray, came_true: np.ndarray, bins: int = BINS) -> Reliability:
    """Sort predictions into bins of equal width (Guo et al., ICML 2017, section 2).

    Args:
        confidence: Predicted probabilities, [N].
        came_true: Whether each came true, [N].
        bins: Number of bins.
    """
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    filled = np.maximum(1, counts)
    right = np.bincount(place, came_true, bins) / filled
    mean = np.bincount(place, confidence, bins) / filled
    error = float((counts * np.abs(right - mean)).sum() / max(1, counts.sum()))
    return Reliability(edges, np.where(counts > 0, right, np.nan), counts, error)


def calibration_section(summary: Mapping[str, Any], predictions: SavedOutputs) -> Section:
    """Tell whether probabilities can be taken at their word."""
    labels = summary["kind"] == "multilabel"
    probabilities = problem_types[summary["kind"]]().probabilities(torch.from_numpy(predictions.output))
    if labels:
        confidence = probabilities.ravel()
        came_true = predictions.y[:, : probabilities.shape[1]].ravel() > 0
        axes = ("predicted probability of a label", "share of labels that are there")
    else:
        confidence = probabilities.max(1).ravel()
        came_true = probabilities.argmax(1).ravel() == predictions.y.ravel()
        axes = ("confidence: probability of the predicted class", "share that is right")
    found = reliability(confidence.astype(np.float64), came_true)
    figure = draw_reliability(found.edges.tolist(), found.right.tolist(), found.counts.tolist(), *axes)
    rows = [
        ("expected calibration error", found.expected_error),
        ("mean predicted probability", float(confidence.mean())),
        (axes[1], float(came_true.mean())),
    ]
    alt = f"Reliability diagram; the expected calibration error is {found.expected_error:.3f}."
    caption = (
        "Reliability diagram: bars below the line are too sure of themselves, bars above not sure enough."
    )
    note = f"{BINS} bins of equal width; 0 is perfect."
    return Section(
        "Calibration", [], [Drawing("reliability", figure, alt, caption)], [make_table("", (), rows, note)]
    )
