"""Section about predicted numbers: against the true ones, and the residuals."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from isthmus.plots.numbers import draw_predicted, draw_residuals
from isthmus.reports.section import Drawing, Section, make_table
from isthmus.store.arrays import evenly_spaced
from isthmus.training.kept import SavedOutputs

POINTS = 2000
"""Points of a figure"""

DRAWN, LISTED = 2, 20
"""Channels that are drawn, and that have a row in the table"""


def numbers_section(summary: Mapping[str, Any], predictions: SavedOutputs) -> Section:
    """Tell how predicted numbers differ from the true ones, in each channel of the target."""
    channels = predictions.output.shape[1]
    several, drawings, rows = channels > 1, [], []
    for channel in range(min(channels, LISTED)):
        name = f"target, channel {channel}" if several else "target"
        true = predictions.y[:, channel].ravel().astype(np.float64)
        predicted = predictions.output[:, channel].ravel().astype(np.float64)
        figures = _figures(true, predicted)
        rows.append((name, *figures.values()))
        if channel < DRAWN:
            shown = evenly_spaced(len(true), POINTS)
            ending = f"-{channel}" if several else ""
            told = ", ".join(f"{key} {value:.3g}" for key, value in figures.items() if value is not None)
            drawings += [
                Drawing(
                    f"predicted{ending}",
                    draw_predicted(true[shown], predicted[shown], name),
                    f"Predicted against true {name} of {len(shown):,} test values: {told}.",
                    f"Predicted against true {name}.",
                ),
                Drawing(
                    f"residuals{ending}",
                    draw_residuals(true[shown], predicted[shown], name),
                    f"Residuals of {name} against the predicted value; their mean is {figures['bias']:.3g}.",
                    f"Residuals of {name}, and how often each occurs.",
                ),
            ]
    header = ["", "RMSE", "mean absolute error", "bias", "R²"]
    notes = ["Bias is the mean of predicted minus true; R² the explained share of the variance."]
    if channels > LISTED:
        notes.append(f"{channels - LISTED} more channels are left out.")
    return Section("Predicted and true", [], drawings, [make_table("", header, rows, *notes)])


def _figures(true: np.ndarray, predicted: np.ndarray) -> dict[str, float | None]:
    """Compute RMSE, mean absolute error, bias and R2 (None for a constant target)."""
    residuals, variance = predicted - true, float(true.var())
    squared = float((residuals**2).mean())
    return {
        "RMSE": squared**0.5,
        "MAE": float(np.abs(residuals).mean()),
        "bias": float(residuals.mean()),
        "R2": 1 - squared / variance if variance else None,
    }
