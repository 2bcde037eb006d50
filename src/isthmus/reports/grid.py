"""The report of a grid: which sections its page has."""

from collections import Counter
from collections.abc import Iterator

import yaml

from isthmus.bench import Comparison
from isthmus.bench.report_tables import Table
from isthmus.bench.results import display_unit, display_value
from isthmus.plots.intervals import draw_seeds
from isthmus.plots.ranks import draw_costs, draw_ranks
from isthmus.reports.citation import citation_rows
from isthmus.reports.page import Page
from isthmus.reports.ranking import ALPHA, Ranking, least_p, rank
from isthmus.reports.section import Drawing, Section, make_table

PAIRS = 30
"""Rows of the table of pairs"""


def grid_page(comparison: Comparison) -> Page:
    """Make the page of a grid from its runs."""
    results, grid = comparison.table, comparison.grid
    states = Counter(row.status for row in comparison.rows)
    others = ", ".join(f"{count} {status}" for status, count in states.items() if status != "done")
    facts = [
        ("Runs done", f"{states['done']} of {len(comparison.rows)}", others),
        ("Tasks", str(len(grid.tasks)), ""),
        ("Methods", str(len(results.systems)), ""),
        ("Seeds", str(len(grid.seeds)), ""),
    ]
    ranks = results.mean_ranks()
    if ranks and len(results.systems) > 1:
        best = min(ranks, key=lambda system: ranks[system])
        facts.append(("Lowest mean rank", f"{ranks[best]:.2f}", results.system_names()[best]))
    title = f"{comparison.folder.resolve().name}: comparison of methods"
    errors = f"{grid.errors} errors; lower is better."
    return Page(title, f"Report of a grid. {errors.capitalize()}", facts, list(_sections(comparison)))


def _sections(comparison: Comparison) -> Iterator[Section]:
    """Make the sections in the order of the page."""
    sheets = comparison.sheets
    yield _errors_section(comparison)
    if len(comparison.table.systems) > 1:
        yield _ranks_section(comparison)
    yield _costs_section(comparison)
    if sheets[1:]:
        yield Section("Tests, failures, published numbers", tables=sheets[1:])
    description = yaml.safe_dump(comparison.grid.model_dump(mode="json"), sort_keys=False)
    yield Section("Grid", ["Tasks, methods, backbones, seeds and settings of the grid."], listing=description)
    names = [(point.name for point in points) for points in (comparison.grid.tasks, comparison.grid.methods)]
    yield Section("Citation", tables=[make_table("", (), citation_rows(*map(list, names)))])


def _errors_section(comparison: Comparison) -> Section:
    """Draw the errors of each task by method, and put the main table below."""
    results, errors = comparison.table, comparison.grid.errors
    names, drawings = results.system_names(), []
    for number, task in enumerate(results.tasks):
        metrics = results.metrics(task)
        if len(metrics) != 1:
            continue
        values = {
            names[system]: [display_value(metrics[0], e) for e in results.cells[task, system].errors.values()]
            for system in results.systems
        }
        means = ", ".join(f"{name} {sum(v) / len(v):.4g}" for name, v in values.items() if v)
        unit = display_unit(metrics[0])
        drawings.append(
            Drawing(
                f"errors-{number + 1}",
                draw_seeds(values, f"{errors} {unit}"),
                f"Mean {errors} {unit} of {task}: {means}.",
                f"{task}.",
            )
        )
    text = ["Points are seeds, diamonds their mean, bars one standard deviation to either side."]
    return Section("Errors", text, drawings, comparison.sheets[:1])


def _ranks_section(comparison: Comparison) -> Section:
    """Draw the critical-difference diagram of the methods over the tasks."""
    results, names = comparison.table, comparison.table.system_names()
    tasks, title = results.ranked_tasks(), "Ranks over tasks"
    if len(tasks) < 2:
        return Section(title, ["Ranks need two tasks or more in which every method has a result."])
    errors = {names[system]: [results.means(task)[system] for task in tasks] for system in results.systems}
    found = rank(errors, {names[system]: mean for system, mean in results.mean_ranks().items()})
    caption = "Critical-difference diagram: mean ranks; a bar joins methods that the tests do not tell apart."
    told = ", ".join(f"{name} {value:.2f}" for name, value in found.ranks.items())
    alt = f"Mean ranks: {told}. {_joined(found)}"
    drawing = Drawing("ranks", draw_ranks(found.ranks, found.cliques), alt, caption)
    text = [_tested(found, len(tasks)), _joined(found)]
    if least_p(len(tasks), len(found.p)) >= ALPHA:
        text.append(
            f"Over {len(tasks)} tasks these tests cannot tell so many methods apart, whatever the errors."
        )
    return Section(title, text, [drawing], [_pairs_table(found)])


def _pairs_table(found: Ranking) -> Table:
    """Make the table of all pairs of methods, those that differ most first."""
    pairs = sorted(found.p.items(), key=lambda item: item[1])
    names = list(found.ranks)
    rows = [(" and ".join(sorted(pair, key=names.index)), f"{p:.2g}") for pair, p in pairs]
    notes = [f"{len(rows) - PAIRS} more pairs are left out."] if len(rows) > PAIRS else []
    return make_table("Pairs of methods", ["", "p by Holm"], rows[:PAIRS], *notes)


def _tested(found: Ranking, tasks: int) -> str:
    """Say which tests were made."""
    pairs = f"Wilcoxon's signed-rank test of all pairs over the means of {tasks} tasks, Holm, level {ALPHA}."
    return pairs if found.friedman is None else f"Friedman's test: p = {found.friedman:.2g}. {pairs}"


def _joined(found: Ranking) -> str:
    """Say which methods are not told apart."""
    if not found.cliques:
        return "Every method differs from every other."
    return "Not told apart: " + "; ".join(", ".join(clique) for clique in found.cliques) + "."


def _costs_section(comparison: Comparison) -> Section:
    """Draw the error, or the mean rank over several tasks, against the time."""
    results, names = comparison.table, comparison.table.system_names()
    seconds, ranks = results.median("seconds"), results.mean_ranks()
    metrics = {metric for task in results.tasks for metric in results.metrics(task)}
    if len(results.tasks) == 1 and len(metrics) == 1:
        metric = metrics.pop()
        values = {s: display_value(metric, mean) for s, mean in results.means(results.tasks[0]).items()}
        label = f"mean {comparison.grid.errors} {display_unit(metric)}"
    else:
        values, label = dict(ranks), "mean rank over tasks (1 is best)"
    points = {names[s]: (seconds[s], values[s]) for s in results.systems if s in seconds and s in values}
    if not points:
        return Section("Error against cost", ["No method has a result on every task yet."])
    told = "; ".join(f"{name} {x:.3g} s, {y:.3g}" for name, (x, y) in points.items())
    caption = f"{label.capitalize()} against the median time of a run: search, training and test together."
    figure = draw_costs(points, "median time of a run, s", label)
    return Section("Error against cost", [], [Drawing("costs", figure, f"{caption} {told}.", caption)])
