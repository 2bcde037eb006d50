"""Section about the classes or labels of a run: confusion matrix, and figures for each."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, confusion_matrix

from isthmus.bench.report_tables import Table
from isthmus.plots.confusion import draw_confusion
from isthmus.reports.data import ROWS, class_names
from isthmus.reports.section import Drawing, Section, make_table
from isthmus.training.kept import SavedOutputs


def classes_section(summary: Mapping[str, Any], predictions: SavedOutputs) -> Section:
    """Tell which classes are taken for which, and how well each is found."""
    names = class_names(summary)
    of = "positions" if summary["kind"] == "segmentation" else "samples"
    predicted = predictions.output.argmax(1).ravel()
    counts = confusion_matrix(predictions.y.ravel(), predicted, labels=np.arange(len(names)))
    right = int(np.trace(counts))
    alt = (
        f"Confusion matrix of {len(names)} classes: {right:,} of {counts.sum():,} test {of} on the diagonal. "
        f"{_most_taken(counts, names)}"
    )
    caption = f"True and predicted classes of the test {of}."
    drawing = Drawing("confusion", draw_confusion(counts, names), alt, caption)
    text = [f"{right:,} of {counts.sum():,} test {of} are right. {_most_taken(counts, names)}"]
    return Section("Classes", text, [drawing], [_class_table(counts, names, of)])


def labels_section(summary: Mapping[str, Any], predictions: SavedOutputs) -> Section:
    """Tell how well each label is found, where a sample may have several."""
    channels = predictions.output.shape[1]
    output = np.moveaxis(predictions.output, 1, -1).reshape(-1, channels)
    y = np.moveaxis(predictions.y[:, :channels], 1, -1).reshape(-1, channels) > 0
    rows = []
    for label, name in enumerate(class_names(summary)):
        present, predicted = y[:, label], output[:, label] > 0
        counts = [int(where.sum()) for where in (present & predicted, predicted, present)]
        ranked = f"{average_precision_score(present, output[:, label]):.3f}" if present.any() else "-"
        rows.append((name, counts[-1], *_rates(*counts), ranked))
    rows.sort(key=lambda row: (row[-1] == "-", row[-1]))
    header = ["label", "there", "precision", "recall", "F1", "average precision"]
    notes = ["Of labels at a threshold of 0.5, the hardest first; average precision needs no threshold."]
    if len(rows) > ROWS:
        notes.append(f"{len(rows) - ROWS} more labels are left out.")
    return Section("Labels", [], [], [make_table("", header, rows[:ROWS], *notes)])


def _class_table(counts: np.ndarray, names: Sequence[str], of: str) -> Table:
    """Make the table of each class, the hardest first where not all are shown."""
    rows = []
    for number, name in enumerate(names):
        row, column = counts[number], counts[:, number]
        wrong = row.copy()
        wrong[number] = 0
        taken = names[int(wrong.argmax())] if wrong.any() else None
        rows.append(
            (name, int(row.sum()), *_rates(int(row[number]), int(column.sum()), int(row.sum())), taken)
        )
    notes = []
    if len(rows) > ROWS:
        rows.sort(key=lambda row: row[4])
        notes.append(f"The {ROWS} classes with the lowest F1 of {len(rows)}.")
    header = ["class", f"test {of}", "precision", "recall", "F1", "most often taken for"]
    return make_table("", header, rows[:ROWS], *notes)


def _rates(both: int, predicted: int, present: int) -> tuple[str, str, str]:
    """Return precision, recall and F1 with three decimals; `-` where nothing is divided by."""
    parts = ((both, predicted), (both, present), (2 * both, predicted + present))
    precision, recall, f1 = (f"{part / whole:.3f}" if whole else "-" for part, whole in parts)
    return precision, recall, f1


def _most_taken(counts: np.ndarray, names: Sequence[str]) -> str:
    """Say which classes are confused most often."""
    wrong = counts - np.diag(np.diag(counts))
    if not wrong.any():
        return "No class is taken for another."
    true, predicted = np.unravel_index(wrong.argmax(), wrong.shape)
    return f"Most often {names[true]} is taken for {names[predicted]} ({wrong.max():,} times)."
