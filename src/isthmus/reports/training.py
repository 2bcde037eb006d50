"""Section about the training of a run: losses, errors and replaced tokens over the epochs."""

from collections.abc import Mapping, Sequence
from typing import Any

from isthmus.bench.results import display_unit, display_value
from isthmus.plots.curves import draw_error, draw_loss, draw_replaced_count
from isthmus.reports.outcome import error_text
from isthmus.reports.section import Drawing, Section, counted

LOSSES = {"loss": "loss", "val_loss": "validation loss"}
ERRORS = ("train_error", "val_error")


def training_section(result: Mapping[str, Any], rows: Sequence[Mapping[str, float]]) -> Section:
    """Draw what was measured over the epochs.

    Args:
        result: Content of the run's `result.json`.
        rows: Epochs of the run, as in `metrics.csv`.
    """
    epochs, steps = int(result["epochs"]), int(result["steps"])
    if not steps:
        return Section("Training", [f"{result['method']} learns in one call; there are no curves."])
    metric = result["metric"]
    errors = [
        {name: display_value(metric, value) if name in ERRORS else value for name, value in row.items()}
        for row in rows
    ]
    end = [f"{told_as} {rows[-1][name]:.4g}" for name, told_as in LOSSES.items() if name in rows[-1]]
    if "val_error" in rows[-1]:
        end.append(f"validation error {error_text(metric, rows[-1]['val_error'], None)}")
    last = ", ".join(end)
    figures = {
        "loss": (draw_loss(rows), "Losses over the epochs."),
        "error": (draw_error(errors, display_unit(metric)), "Errors over the epochs."),
        "k": (draw_replaced_count(rows), "Replaced tokens over the epochs."),
    }
    drawings = [
        Drawing(f"curve-{name}", figure, f"{caption} In the last epoch: {last}.", caption)
        for name, (figure, caption) in figures.items()
        if figure is not None
    ]
    counts = f"{counted(epochs, 'epoch')}, {counted(steps, 'step')}"
    return Section("Training", [f"{counts}. At the end: {last}."], drawings)
