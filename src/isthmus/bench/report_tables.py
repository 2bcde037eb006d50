"""Contents of a report's tables, before they are rendered as Markdown or LaTeX."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from isthmus.bench.paired import paired_tests
from isthmus.bench.published import PublishedTable, published
from isthmus.bench.results import PERCENT, GridCell, GridResults, System, display_unit, display_value

COSTS = {
    "seconds": ("median time, s", 1.0),
    "parameters": ("parameters, M", 1e6),
    "peak_mb": ("memory, GB", 1024.0),
}
"""Costs of a run by field of `RunRecord`: title of the column, and the unit that values are divided by."""


@dataclass(frozen=True)
class TableCell:
    """Text of a table's cell, and whether it is bold."""

    text: str
    bold: bool = False


@dataclass(frozen=True)
class Table:
    """Table for a reader.

    Attributes:
        title: Title above the table; "" for none.
        header: Titles of the columns.
        rows: Cells of each row.
        notes: Sentences below the table.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[TableCell]]
    notes: Sequence[str] = ()


def errors_table(results: GridResults, errors: str = "test") -> Table:
    """Make the main table: a row for each system, a column for each task, then mean ranks and costs.

    Args:
        results: Results of the grid, with the best of each task in bold.
        errors: Data on which the errors were measured, for the note: test or validation.
    """
    names, ranks, ranked = results.system_names(), results.mean_ranks(), results.ranked_tasks()
    best = {task: min(results.means(task).values(), default=None) for task in results.tasks}
    costs = {field: medians for field in COSTS if (medians := results.median(field))}
    rows = []
    for system in results.systems:
        cells = [_error_cell(results, task, system, best[task]) for task in results.tasks]
        rank = TableCell(f"{ranks[system]:.2f}" if ranks else "-")
        cost_cells = [
            TableCell(f"{medians[system] / COSTS[field][1]:.3g}" if system in medians else "-")
            for field, medians in costs.items()
        ]
        rows.append([TableCell(names[system]), *cells, rank, *cost_cells])
    seeds = len({record.seed for record in results.records})
    over = f"mean ± standard deviation over {seeds} seeds" if seeds > 1 else "one seed"
    notes = [f"{errors.capitalize()} errors, {over}; lower is better, best in bold."]
    if any(len(cell.errors) < cell.expected for cell in results.cells.values()):
        notes.append("(n of m): n of m seeds are there; ranks are over tasks in which every system has some.")
    tasks = len(results.tasks)
    of_tasks = f" ({len(ranked)} of {tasks} tasks)" if len(ranked) < tasks else ""
    header = ["", *(_task_title(results, task) for task in results.tasks), f"mean rank{of_tasks}"]
    header += [COSTS[field][0] for field in costs]
    return Table("", header, rows, notes)


def paired_tests_table(results: GridResults, reference: str) -> Table:
    """Make the table of paired tests: each system against the reference method on the same backbone.

    Args:
        results: Results of the grid.
        reference: Label of the reference method.
    """
    names, rows = results.system_names(), []
    for system in results.systems:
        other = results.reference_system(system, reference)
        if system == other:
            continue
        for test in paired_tests(results, system, other):
            cells = (
                f"{names[system]} - {names[other]}",
                f"{test.n} {test.over}",
                f"{test.difference:+.3g} {test.unit}",
                f"{test.lower}",
                f"{test.higher}",
                f"{test.p:.2g}",
            )
            rows.append([TableCell(text) for text in cells])
    header = ["difference", "pairs", "mean", "lower", "higher", "p"]
    notes = [
        "p: two-sided Wilcoxon signed-rank test, not corrected for the number of tests. Over (task, seed) "
        "it takes the pairs of one task as independent; over tasks, each counts once, by its mean over seeds."
    ]
    return Table(f"Against {reference}", header, rows, notes)


def failures_table(results: GridResults) -> Table:
    """Make the table of failed runs, with the reason for each."""
    names = results.system_names()
    rows = [
        [TableCell(text) for text in (run.task, names[run.system], str(run.seed), run.reason)]
        for run in results.records
        if run.status == "failed"
    ]
    return Table("Runs that failed", ["task", "method", "seed", "reason"], rows)


def published_tables(names: Collection[str]) -> list[Table]:
    """Make a table of published errors from each published table that has one of the tasks.

    Args:
        names: Names of tasks.
    """
    tables = []
    for table in published().values():
        tasks = table.tasks_among(names)
        if tasks:
            title = f"Published, not run here: {table.title} of {table.source}"
            header = ["", *(f"{task}, {table.units[task]}" for task in tasks)]
            rows = [[TableCell(system), *_published_cells(table, system, tasks)] for system in table.rows]
            tables.append(Table(title, header, rows))
    return tables


def format_error(metric: str, mean: float, deviation: float | None) -> str:
    """Format an error as `12.3 ± 0.4`, or as `12.3` without a deviation.

    Percentages have one decimal, other errors as many as give the mean three digits.
    """
    if metric in PERCENT:
        places = 1
    else:
        places = max(0, 2 - math.floor(math.log10(abs(mean)))) if mean else 2
    spread = "" if deviation is None else f" ± {display_value(metric, deviation):.{places}f}"
    return f"{display_value(metric, mean):.{places}f}{spread}"


def _task_title(results: GridResults, task: str) -> str:
    """Return the title of a task's column, with its metric unless metrics differ."""
    metrics = results.metrics(task)
    return f"{task}, {display_unit(metrics[0])}" if len(metrics) == 1 else task


def _error_cell(results: GridResults, task: str, system: System, best: float | None) -> TableCell:
    """Make the cell of a task and system, bold if its mean is the best."""
    mean = results.means(task).get(system)
    text = _error_text(results.cells[task, system], with_metric=len(results.metrics(task)) > 1)
    return TableCell(text, bold=mean is not None and mean == best)


def _error_text(cell: GridCell, *, with_metric: bool) -> str:
    """Format a cell's errors as `12.3 ± 0.4 (3 of 5)`, with the metric where asked for."""
    if len(cell.metrics) > 1:
        return f"metrics differ: {cell.metric}"
    seeds = f" ({len(cell.errors)} of {cell.expected})" if len(cell.errors) < cell.expected else ""
    if cell.mean is None:
        return f"-{seeds}"
    metric = f" {display_unit(cell.metric)}" if with_metric else ""
    return f"{format_error(cell.metric, cell.mean, cell.deviation)}{metric}{seeds}"


def _published_cells(table: PublishedTable, system: str, tasks: Sequence[str]) -> list[TableCell]:
    """Make the cells of a published system; "-" where nothing was published."""
    errors = [table.error(system, task) for task in tasks]
    return [TableCell("-" if error is None else f"{error:g}") for error in errors]
