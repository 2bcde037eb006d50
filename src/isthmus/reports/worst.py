"""Section with the most wrong test samples."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from isthmus.plots.samples import draw_fields, draw_samples
from isthmus.plots.style import shortened
from isthmus.reports.data import class_names
from isthmus.reports.section import Drawing, Section, as_text, make_table
from isthmus.tasks import problem_types
from isthmus.training.kept import SavedOutputs, SavedSamples

FIELDS = 4
"""Fields that are drawn"""

NONE = "Every test sample is right; these are the ones with the greatest loss."


def worst_section(summary: Mapping[str, Any], predictions: SavedOutputs, samples: SavedSamples) -> Section:
    """Draw the test samples with the greatest loss, with what they are and what was predicted."""
    title, index = "Most wrong", samples.worst_index
    rows = np.searchsorted(predictions.index, index)
    output, y = predictions.output[rows], predictions.y[rows]
    text = ["Test samples with the greatest loss, the greatest first, by their number in the test data."]
    if summary["kind"] == "classification":
        wrong = output.argmax(1) != y
        keep = wrong if wrong.any() else np.ones(len(y), dtype=bool)
        text += [] if wrong.any() else [NONE]
        index, output, y, x = index[keep], output[keep], y[keep], samples.worst_x[keep]
    else:
        x = samples.worst_x
    if len(summary["output_shape"]) > 1:
        figure = _fields(summary, output[:FIELDS], y[:FIELDS], index[:FIELDS])
        alt = f"Predicted and true fields of the {min(FIELDS, len(y))} test samples with the greatest loss."
        return Section(title, text, [Drawing("worst", figure, alt, "Predicted and true, channel 0.")])
    titles = [_sample_title(summary, *pair) for pair in zip(output, y, strict=True)]
    figure = draw_samples(x, [f"no. {number}\n{text}" for number, text in zip(index, titles, strict=True)])
    alt = f"The {len(x)} test samples with the greatest loss; the table says which."
    table = make_table("", ["number", _caption(summary)], list(zip(index.tolist(), titles, strict=True)))
    return Section(
        title, text, [Drawing("worst", figure, alt, f"{_caption(summary).capitalize()}.")], [table]
    )


def _caption(summary: Mapping[str, Any]) -> str:
    """Return what the title of a sample says."""
    if summary["kind"] == "classification":
        return "true → predicted class (its probability)"
    return "true → predicted value" if summary["kind"] == "regression" else "labels that are wrong"


def _sample_title(summary: Mapping[str, Any], output: np.ndarray, y: np.ndarray) -> str:
    """Return what is true of a sample and what was predicted."""
    if summary["kind"] == "classification":
        probabilities = problem_types["classification"]().probabilities(torch.from_numpy(output[None]))[0]
        names, predicted = [shortened(name, 7) for name in class_names(summary)], int(output.argmax())
        return f"{names[int(y)]} → {names[predicted]} ({probabilities[predicted]:.2f})"
    if summary["kind"] == "multilabel":
        return f"{int(((output > 0) != (y[: len(output)] > 0)).sum())} of {len(output)} wrong"
    furthest = int(np.abs(output - y[: len(output)]).argmax())
    where = f"[{furthest}] " if len(output) > 1 else ""
    return f"{where}{as_text(float(y[furthest]))} → {as_text(float(output[furthest]))}"


def _fields(summary: Mapping[str, Any], output: np.ndarray, y: np.ndarray, index: np.ndarray) -> Any:
    """Draw the first channel of fields, or the classes of masks, beside what is true."""
    if summary["kind"] == "segmentation":
        true, predicted = y, output.argmax(1)
    elif summary["kind"] == "multilabel":
        true, predicted = y[:, 0], 1 / (1 + np.exp(-output[:, 0]))
    else:
        true, predicted = y[:, 0], output[:, 0]
    return draw_fields(true, predicted, [f"no. {number}" for number in index])
