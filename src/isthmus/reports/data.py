"""Section about the data of a run: task, samples, shapes, classes and their counts, a few samples."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from isthmus.bench.report_tables import Table
from isthmus.plots.samples import draw_samples
from isthmus.reports.section import Drawing, Section, as_text, make_table
from isthmus.training.kept import SavedSamples

ROWS = 60
"""Rows of a table with a row for each class"""

PANELS = 12
"""Samples that are drawn"""

TIMES = " \N{MULTIPLICATION SIGN} "

MISSING = (
    "This run kept nothing of its data, as runs of earlier versions did. Make it again to see its data, "
    "what it predicts and where it is wrong."
)


def data_section(summary: Mapping[str, Any] | None, samples: SavedSamples | None) -> Section:
    """Tell what the data was.

    Args:
        summary: Content of the run's `data.json`.
        samples: Samples that the run has kept.
    """
    if summary is None:
        return Section("Data", [MISSING])
    tables = [_facts(summary), _classes(summary) if summary["classes"] else _targets(summary)]
    drawings = []
    if samples is not None:
        chosen = _chosen(summary, samples.y)
        titles = [_title(summary, samples.y[number]) for number in chosen]
        figure = draw_samples(samples.x[chosen], titles)
        named = ", ".join(filter(None, dict.fromkeys(titles)))
        alt = f"{len(chosen)} training samples of {summary['task']}{': ' if named else ''}{named}."
        drawings.append(Drawing("samples", figure, alt, "Training samples."))
    text = [f"{summary['about'][0].upper()}{summary['about'][1:]}."] if summary["about"] else []
    return Section("Data", text, drawings, tables)


def class_names(summary: Mapping[str, Any]) -> list[str]:
    """Return the names of the classes or labels as text."""
    return [str(name) for name in summary["classes"]]


def _facts(summary: Mapping[str, Any]) -> Table:
    """Make the table of what there is."""
    splits = summary["splits"]
    samples = ", ".join(f"{split['samples']:,} {name}" for name, split in splits.items())
    rows = [
        ("task", summary["task"]),
        ("kind", summary["kind"]),
        ("samples", samples),
        ("shape of a sample", f"{_shape(summary['input_shape'])} ({_axes(summary['input_shape'])})"),
        ("shape of an output", _shape(summary["output_shape"])),
        ("error is measured as", summary["metric"]),
    ]
    return make_table("", (), rows)


def _classes(summary: Mapping[str, Any]) -> Table:
    """Make the table of classes and their counts."""
    splits, names = summary["splits"], class_names(summary)
    counts = [split["counts"] for split in splits.values()]
    rows = [(name, *(f"{c:,}" for c in row)) for name, *row in zip(names, *counts, strict=True)]
    of = {"segmentation": "positions", "multilabel": "samples with the label"}.get(summary["kind"], "samples")
    notes = [f"{len(rows) - ROWS} more classes are left out."] if len(rows) > ROWS else []
    if any(split["looked_at"] < split["samples"] for split in splits.values()):
        notes.append("Counted on some of the samples.")
    return make_table(f"Classes: number of {of}", ["class", *splits], rows[:ROWS], *notes)


def _targets(summary: Mapping[str, Any]) -> Table:
    """Make the table of the targets' ranges."""
    several = summary["output_shape"][0] > 1
    rows = [
        (f"{name}, channel {channel}" if several else name, *figures.values())
        for name, split in summary["splits"].items()
        for channel, figures in enumerate(split["targets"])
    ]
    return make_table("Targets", ["", "mean", "standard deviation", "minimum", "maximum"], rows[:ROWS])


def _chosen(summary: Mapping[str, Any], y: np.ndarray) -> np.ndarray:
    """Choose samples to draw: as many of each class, or evenly spaced by a number."""
    if summary["kind"] == "classification":
        present = np.unique(y)[:PANELS]
        each = max(1, min(3, PANELS // len(present)))
        return np.concatenate([np.flatnonzero(y == label)[:each] for label in present])
    order = np.argsort(y.reshape(len(y), -1)[:, 0], kind="stable") if y.ndim <= 2 else np.arange(len(y))
    spaced: np.ndarray = order[np.linspace(0, len(y) - 1, min(9, len(y))).round().astype(int)]
    return spaced


def _title(summary: Mapping[str, Any], y: np.ndarray) -> str:
    """Return what stands above a sample: its class, its number, its labels; nothing above fields."""
    if summary["kind"] == "classification":
        return class_names(summary)[int(y)]
    if summary["kind"] == "regression" and y.size == 1:
        return f"target {as_text(float(y.reshape(-1)[0]))}"
    if summary["kind"] == "multilabel" and y.ndim == 1:
        names = [name for name, there in zip(class_names(summary), y, strict=False) if there]
        return ", ".join(names[:3]) + (", …" if len(names) > 3 else "") if names else "no label"
    return ""


def _shape(shape: Sequence[int]) -> str:
    """Return a shape as text."""
    return TIMES.join(map(str, shape))


def _axes(shape: Sequence[int]) -> str:
    """Return what the axes of a sample are."""
    return TIMES.join(("channels", "positions") if len(shape) == 2 else ("channels", "rows", "columns"))
