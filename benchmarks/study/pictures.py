"""Draw the pictures of docs/results.md from the tables of the pages in docs/results/.

    python benchmarks/study/pictures.py

Nothing is computed anew: a picture shows what a table says. Prints the files it wrote.
"""

import argparse
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import matplotlib

matplotlib.use("agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

DOCS = Path(__file__).resolve().parents[2] / "docs"

GREY, BLUE, RED, GREEN = "#8a8a8a", "#2f6fb0", "#d1495b", "#3c8d5a"
COLOURS = {"nft": BLUE, "pare": RED}  # and specialists green, all others grey
SPECIALISTS = {
    *("rocket", "hydra", "xgboost", "wrn", "perceiver", "densenas", "dash", "dash unsearched", "darts"),
    *("fno", "unet", "pinn"),
}

Cell = tuple[float, float] | None
"""Mean and standard deviation (0 where there is one seed), or nothing where there is no run."""


def read_tables(text: str) -> list[list[list[str]]]:
    """Return the tables of a Markdown page: rows of cells, the header first, without bold marks."""
    blocks = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    return [
        [
            [cell.strip().replace("*", "") for cell in line.strip("|").split("|")]
            for line in block.splitlines()
        ]
        for block in blocks
    ]


def read_table(page: str, title: str) -> dict[str, dict[str, str]]:
    """Return a table of a page as {row: {column: cell}}.

    Args:
        page: Name of the page, such as "study".
        title: First cells of the table's header, up to where it is unique, joined by a bar.
    """
    tables = read_tables((DOCS / "results" / f"{page}.md").read_text(encoding="utf-8"))
    header, _, *rows = next(table for table in tables if "|".join(table[0]).startswith(title))
    return {row[0]: dict(zip(header[1:], row[1:], strict=True)) for row in rows}


def error(cell: str) -> Cell:
    """Return what a cell such as `22.3 ± 2.0` or `0.383` says; nothing for `- (0 of 3)`."""
    found = re.match(r"([\d.]+)(?: ± ([\d.]+))?", cell)
    return None if found is None else (float(found[1]), float(found[2] or 0))


def draw_errors(page: str, columns: int, *, log: bool = False, published: bool = False) -> Figure:
    """Draw the error of every method, a panel for each task.

    Args:
        page: Page whose first table is drawn.
        columns: Number of panels side by side.
        log: Whether errors are on a logarithmic axis.
        published: Whether the published numbers of the page are drawn too, as crosses.
    """
    rows = read_table(page, "|")
    tasks = [
        title for title in next(iter(rows.values())) if title.rpartition(", ")[2] in ("error %", "nrmse")
    ]
    references = read_published(page) if published else {}
    high = -(-len(tasks) // columns)
    figure, axes = plt.subplots(
        high, columns, sharey=True, squeeze=False, figsize=(10, high * (0.19 * len(rows) + 0.75))
    )
    for panel, title in zip(axes.flat, tasks, strict=False):
        task, _, metric = title.rpartition(", ")
        for place, (method, cells) in enumerate(rows.items()):
            draw_point(
                panel,
                error(cells[title]),
                place,
                COLOURS.get(method, GREEN if method in SPECIALISTS else GREY),
            )
            if (method, task) in references:
                panel.plot(references[method, task], place, "x", color="black", markersize=6)
        panel.set_title(task.removeprefix("pdebench/"), fontsize=9)
        panel.set_xlabel({"error %": "test error, %", "nrmse": "test nRMSE"}[metric], fontsize=8)
        if log:
            set_log(panel)
        else:
            panel.set_xlim(0, 1.05 * panel.get_xlim()[1])
        panel.set_yticks(range(len(rows)), rows, fontsize=8)
        panel.tick_params(axis="x", which="both", labelsize=7)
        panel.grid(axis="x", alpha=0.3)
        panel.set_ylim(len(rows) - 0.4, -0.6)
    return figure


def set_log(panel: Axes) -> None:
    """Make the axis of errors logarithmic, with labels such as 0.02 that do not overlap."""
    panel.set_xscale("log")
    low, high = panel.get_xlim()
    steps = (
        (1.0,) if high / low > 50 else (1.0, 2.0, 5.0) if high / low > 2.5 else (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
    )
    panel.xaxis.set_major_locator(LogLocator(subs=steps))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.xaxis.set_minor_formatter(NullFormatter())


def draw_point(panel: Axes, value: Cell, place: float, colour: str) -> None:
    """Draw a mean with its standard deviation, or a dash at the left edge where there is none."""
    if value is None:
        panel.text(
            0.02, place, "no run", color=GREY, fontsize=7, va="center", transform=panel.get_yaxis_transform()
        )
        return
    mean, deviation = value
    low = min(deviation, 0.9 * mean)  # on a logarithmic axis no bar reaches 0
    panel.errorbar(mean, place, xerr=[[low], [deviation]], fmt="o", color=colour, markersize=4, linewidth=1.5)


def read_published(page: str) -> dict[tuple[str, str], float]:
    """Return the published errors of a page by (method, task)."""
    tables = read_tables((DOCS / "results" / f"{page}.md").read_text(encoding="utf-8"))
    header, _, *rows = tables[-1]
    return {
        (row[0].lower().replace("-", ""), title.partition(",")[0]): float(cell)
        for row in rows
        for title, cell in zip(header[1:], row[1:], strict=True)
        if cell != "-"
    }


def draw_searches() -> Figure:
    """Draw what the architecture searches found beside unsearched and random architectures."""
    rows = read_table("specialists", "|searched")
    figure, axes = plt.subplots(1, len(rows), figsize=(8, 1.7))
    for panel, (title, cells) in zip(axes, rows.items(), strict=True):
        found = {what: error(cell) for what, cell in cells.items() if cell}
        for place, (what, value) in enumerate(found.items()):
            draw_point(panel, value, place, BLUE if what == "searched" else GREY)
        labels = [what.replace(" from the same space", "") for what in found]
        panel.set_yticks(range(len(found)), labels, fontsize=8)
        panel.set_ylim(len(found) - 0.5, -0.5)
        panel.set_title(title.partition(":")[0], fontsize=9)
        panel.set_xlabel("test error, %", fontsize=8)
        panel.set_xlim(left=0)
        panel.tick_params(axis="x", labelsize=7)
        panel.grid(axis="x", alpha=0.3)
    return figure


def draw_costs() -> Figure:
    """Draw the ratios of times of `measurements.md`: OTDD and a step of PaRe."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 1.9))
    otdd = [line for line in rows_of("distance|target classes")]
    names = [f"{line[0]}, {line[1]} target class{'es' * (line[1] != '1')}" for line in otdd]
    draw_ratios(left, names, [line[3] for line in otdd], "literal / ours (OTDD)")
    left.set_xscale("log")
    steps = rows_of("backbone|plain step")
    draw_ratios(
        right,
        [line[0].split(",")[0] for line in steps],
        [line[2] for line in steps],
        "step of PaRe / plain step",
    )
    right.set_xlim(0.8, 1.2)
    return figure


def rows_of(title: str) -> list[list[str]]:
    """Return the rows of a table of `measurements.md`, as lists of cells."""
    tables = read_tables((DOCS / "results" / "measurements.md").read_text(encoding="utf-8"))
    return next(table for table in tables if "|".join(table[0]).startswith(title))[2:]


def draw_ratios(panel: Axes, names: list[str], cells: list[str], label: str) -> None:
    """Draw medians with their ranges, written as `5.6 (4.1 - 5.9)`, beside the line of equal times."""
    for place, cell in enumerate(cells):
        median, low, high = (float(number) for number in re.findall(r"[\d.]+", cell)[:3])
        panel.errorbar(
            median, place, xerr=[[median - low], [high - median]], fmt="o", color=BLUE, markersize=4
        )
    panel.axvline(1, color=GREY, linewidth=1)
    panel.set_yticks(range(len(names)), names, fontsize=8)
    panel.set_ylim(len(names) - 0.5, -0.5)
    panel.set_xlabel(label, fontsize=8)
    panel.tick_params(axis="x", labelsize=7)
    panel.grid(axis="x", alpha=0.3)


def draw_gate() -> Figure:
    """Draw how well the gate's score tells planted patches from others, a point for each seed."""
    rows = rows_of("relaxation|steps")
    figure, panel = plt.subplots(figsize=(6, 1.6))
    for place, (_, _, mean, seeds) in enumerate(rows):
        panel.plot(
            [float(seed) for seed in seeds.split()], [place] * len(seeds.split()), "o", color=BLUE, alpha=0.5
        )
        panel.plot(float(mean.split()[0]), place, "|", color="black", markersize=14)
    panel.set_yticks(range(len(rows)), [f"{line[0]}, {line[1]} steps" for line in rows], fontsize=8)
    panel.set_ylim(len(rows) - 0.5, -0.5)
    panel.set_xlim(0.5, 1)
    panel.set_xlabel("AUROC of the gate's score for planted patches (chance 0.5); bar: mean", fontsize=8)
    panel.tick_params(axis="x", labelsize=7)
    panel.grid(axis="x", alpha=0.3)
    return figure


PICTURES: dict[str, Callable[[], Figure]] = {
    "study": lambda: draw_errors("study", 3),
    "minilm": lambda: draw_errors("minilm", 4),
    "specialists": lambda: draw_errors("specialists", 3),
    "fields": lambda: draw_errors("fields", 4, log=True),
    "pdebench": lambda: draw_errors("pdebench", 4),
    "order": lambda: draw_errors("order", 3, log=True, published=True),
    "searches": draw_searches,
    "costs": draw_costs,
    "gate": draw_gate,
}


def save(figure: Figure, path: Path, dpi: int) -> None:
    """Write a picture, the same bytes from the same numbers."""
    figure.tight_layout()
    figure.savefig(path, dpi=dpi, metadata={"Software": None})
    plt.close(figure)
    print(path)


def main() -> None:
    """Draw all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DOCS / "pictures", help="folder of the pictures")
    parser.add_argument("--dpi", type=int, default=100)
    parser.add_argument(
        "--smallest", action="store_true", help="try everything at 10 dpi, and leave no picture"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        if arguments.smallest:
            vars(arguments).update(out=Path(temporary), dpi=10)
        for name, draw in PICTURES.items():
            save(draw(), arguments.out / f"{name}.png", arguments.dpi)


if __name__ == "__main__":
    main()
