"""The same figures for other programs: CSV, a line for each thing."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields
from typing import Any

from isthmus.bench.formatting import scaled, unit
from isthmus.bench.paired import all_paired_tests
from isthmus.bench.records import Row
from isthmus.bench.table import Table


def runs_csv(table: Table) -> str:
    """A line for each run, as its folder says."""
    return _csv([field.name for field in fields(Row)], map(astuple, table.rows))


def table_csv(table: Table) -> str:
    """A line for each task and system: mean and standard deviation over its seeds."""
    lines = []
    for (task, (method, backbone)), cell in table.cells.items():
        figures = [None if f is None else scaled(cell.metric, f) for f in (cell.mean, cell.deviation)]
        lines.append([task, method, backbone, unit(cell.metric), *figures, len(cell.errors), cell.asked])
    return _csv(["task", "method", "backbone", "unit", "mean", "deviation", "seeds", "asked"], lines)


def paired_csv(table: Table) -> str:
    """A line for each pair of systems and kind of pairs."""
    header = ["method_a", "backbone_a", "method_b", "backbone_b", "over", "n", "unit"]
    lines = [
        [*t.a, *t.b, t.over, t.n, t.unit, t.difference, t.lower, t.higher, t.p]
        for t in all_paired_tests(table)
    ]
    return _csv([*header, "mean_difference", "lower", "higher", "p"], lines)


def _csv(header: Sequence[str], lines: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return text.getvalue()
