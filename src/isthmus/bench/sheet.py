"""A table as text: what is written into cells, before it is Markdown or LaTeX."""

from collections.abc import Sequence
from dataclasses import dataclass

from isthmus.bench.paired import compare_columns
from isthmus.bench.table import Cell, Column, Table
from isthmus.bench.units import unit, written


@dataclass(frozen=True)
class Text:
    """What stands in a cell."""

    text: str
    bold: bool = False


@dataclass(frozen=True)
class Sheet:
    """A title above, a header and lines of cells, notes below."""

    title: str
    header: Sequence[str]
    lines: Sequence[Sequence[Text]]
    notes: Sequence[str] = ()


def errors_sheet(table: Table) -> Sheet:
    """A line for each task, best in bold; mean ranks and median times."""
    names = table.names()
    lines = [[Text(_called(table, task)), *_errors(table, task)] for task in table.tasks]
    ranks, ranked = table.mean_ranks(), table.ranked_tasks()
    if ranks:
        partly = len(ranked) < len(table.tasks)
        over = f" over {len(ranked)} tasks without gaps" if partly else ""
        lines.append([Text(f"mean rank{over}"), *(Text(f"{ranks[c]:.2f}") for c in table.columns)])
    times = table.seconds()
    lines.append(
        [Text("median time, s"), *(Text(f"{times[c]:.3g}" if c in times else "") for c in table.columns)]
    )
    seeds = len({row.seed for row in table.rows})
    notes = [f"Test errors, mean ± standard deviation over {seeds} seeds; lower is better, best in bold."]
    if any(len(cell.errors) < cell.asked for cell in table.cells.values()):
        notes.append("(n of m): only n of m seeds are there.")
    return Sheet("", ["task", *(names[c] for c in table.columns)], lines, notes)


def _called(table: Table, task: str) -> str:
    metrics = table.metrics(task)
    return f"{task}, {unit(metrics[0])}" if len(metrics) == 1 else task


def _errors(table: Table, task: str) -> list[Text]:
    means = table.means(task)
    best = min(means.values(), default=None)
    differ = len(table.metrics(task)) > 1
    return [
        Text(_error(table.cells[task, column], differ), bold=column in means and means[column] == best)
        for column in table.columns
    ]


def _error(cell: Cell, differ: bool) -> str:
    """`12.3 ± 0.4 (3 of 5)`, with the metric where those of a task differ."""
    if cell.mixed:
        return f"metrics differ: {cell.metric}"
    if cell.mean is None:
        return "-"
    seeds = f" ({len(cell.errors)} of {cell.asked})" if len(cell.errors) < cell.asked else ""
    metric = f" {unit(cell.metric)}" if differ else ""
    return f"{written(cell.metric, cell.mean, cell.deviation)}{metric}{seeds}"


def pairs_sheet(table: Table, reference: str) -> Sheet:
    """A line for each column against the reference method on the same backbone."""
    names, lines = table.names(), []
    for column in table.columns:
        other: Column = (reference, column[1])
        if column == other:
            continue
        for found in compare_columns(table, column, other):
            lines.append(
                [
                    Text(f"{names[column]} - {names[other]}"),
                    Text(f"{found.n} of {found.over}"),
                    Text(f"{found.difference:+.2f} {found.unit}"),
                    Text(str(found.lower)),
                    Text(str(found.higher)),
                    Text(f"{found.p:.2g}"),
                ]
            )
    header = ["difference", "pairs", "mean", "lower", "higher", "p"]
    notes = [
        "p: two-sided Wilcoxon signed-rank test, not corrected for the number of tests. Over (task, seed) "
        "it takes the pairs of one task as independent; over tasks, each counts once, by its mean over seeds."
    ]
    return Sheet(f"Against {reference}", header, lines, notes)


def failures_sheet(table: Table) -> Sheet:
    """A line for each run that failed."""
    names = table.names()
    lines = [
        [Text(row.task), Text(names[row.column]), Text(str(row.seed)), Text(row.reason)]
        for row in table.rows
        if row.status == "failed"
    ]
    return Sheet("Runs that failed", ["task", "method", "seed", "reason"], lines)
