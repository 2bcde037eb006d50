"""Tables as text: what is written into cells, before it is Markdown or LaTeX."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from isthmus.bench.formatting import unit, written
from isthmus.bench.paired import paired_tests
from isthmus.bench.published import PublishedTable, published
from isthmus.bench.table import Cell, System, Table

COSTS = {
    "seconds": ("median time, s", 1.0),
    "parameters": ("parameters, M", 1e6),
    "peak_mb": ("memory, GB", 1024.0),
}
"""Figures of a run that are its costs: what they are called, and in which unit they are shown"""


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


def errors_sheet(table: Table, errors: str = "test") -> Sheet:
    """A line for each system, a column for each task, best in bold; mean ranks, and what the runs cost.

    Args:
        errors: on which data: test or validation.
    """
    names, best = table.names(), {task: min(table.means(task).values(), default=None) for task in table.tasks}
    ranks, ranked = table.mean_ranks(), table.ranked_tasks()
    costs = {figure: found for figure in COSTS if (found := table.median(figure))}
    lines = []
    for system in table.systems:
        cells = [_cell(table, task, system, best[task]) for task in table.tasks]
        rank = Text(f"{ranks[system]:.2f}" if ranks else "-")
        spent = [
            Text(f"{found[system] / COSTS[figure][1]:.3g}" if system in found else "-")
            for figure, found in costs.items()
        ]
        lines.append([Text(names[system]), *cells, rank, *spent])
    seeds = len({row.seed for row in table.rows})
    over = f"mean ± standard deviation over {seeds} seeds" if seeds > 1 else "one seed"
    notes = [f"{errors.capitalize()} errors, {over}; lower is better, best in bold."]
    if any(len(cell.errors) < cell.asked for cell in table.cells.values()):
        notes.append("(n of m): n of m seeds are there; ranks are over tasks in which every system has some.")
    of = f" ({len(ranked)} of {len(table.tasks)} tasks)" if len(ranked) < len(table.tasks) else ""
    header = ["", *(_called(table, task) for task in table.tasks), f"mean rank{of}"]
    header += [COSTS[figure][0] for figure in costs]
    return Sheet("", header, lines, notes)


def _called(table: Table, task: str) -> str:
    metrics = table.metrics(task)
    return f"{task}, {unit(metrics[0])}" if len(metrics) == 1 else task


def _cell(table: Table, task: str, system: System, best: float | None) -> Text:
    mean = table.means(task).get(system)
    differ = len(table.metrics(task)) > 1
    return Text(_error(table.cells[task, system], differ), bold=mean is not None and mean == best)


def _error(cell: Cell, differ: bool) -> str:
    """`12.3 ± 0.4 (3 of 5)`, with the metric where those of a task differ."""
    if len(cell.metrics) > 1:
        return f"metrics differ: {cell.metric}"
    seeds = f" ({len(cell.errors)} of {cell.asked})" if len(cell.errors) < cell.asked else ""
    if cell.mean is None:
        return f"-{seeds}"
    metric = f" {unit(cell.metric)}" if differ else ""
    return f"{written(cell.metric, cell.mean, cell.deviation)}{metric}{seeds}"


def pairs_sheet(table: Table, reference: str) -> Sheet:
    """A line for each system against the reference method on the same backbone."""
    names, lines = table.names(), []
    for system in table.systems:
        other = table.partner(system, reference)
        if system == other:
            continue
        for found in paired_tests(table, system, other):
            lines.append(
                [
                    Text(f"{names[system]} - {names[other]}"),
                    Text(f"{found.n} {found.over}"),
                    Text(f"{found.difference:+.3g} {found.unit}"),
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
        [Text(row.task), Text(names[row.system]), Text(str(row.seed)), Text(row.reason)]
        for row in table.rows
        if row.status == "failed"
    ]
    return Sheet("Runs that failed", ["task", "method", "seed", "reason"], lines)


def published_sheets(names: Collection[str]) -> list[Sheet]:
    """What was published on these tasks, a sheet for each table that has one of them."""
    found = [(table, table.among(names)) for table in published().values()]
    return [
        Sheet(
            f"Published, not run here: {table.title} of {table.source}",
            ["", *(f"{task}, {table.units[task]}" for task in tasks)],
            [[Text(system), *_figures(table, system, tasks)] for system in table.rows],
        )
        for table, tasks in found
        if tasks
    ]


def _figures(table: PublishedTable, system: str, tasks: Sequence[str]) -> list[Text]:
    figures = [table.figure(system, task) for task in tasks]
    return [Text("-" if figure is None else f"{figure:g}") for figure in figures]
