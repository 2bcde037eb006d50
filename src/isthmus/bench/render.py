"""Renderings of a grid's results: Markdown and LaTeX for readers, CSV for programs."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields
from typing import Any

from isthmus.bench.paired import all_paired_tests
from isthmus.bench.records import RunRecord
from isthmus.bench.report_tables import Table, TableCell
from isthmus.bench.results import GridResults, display_unit, display_value

LATEX = {character: f"\\{character}" for character in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "<": r"$<$",
    ">": r"$>$",
    "\n": " ",
}
"""What LaTeX needs in place of special characters."""

LATEX_SPECIAL = re.compile("|".join(map(re.escape, LATEX)))


def to_markdown(table: Table) -> str:
    """Render a table in Markdown, its title in bold above and its notes below."""
    lines = [
        _markdown_row([TableCell(title) for title in table.header]),
        "|" + " --- |" * len(table.header),
        *map(_markdown_row, table.rows),
    ]
    title = [f"**{table.title}**"] if table.title else []
    return "\n\n".join([*title, "\n".join(lines), *table.notes]) + "\n"


def to_latex(table: Table) -> str:
    """Render a table in LaTeX for the package booktabs, its title and notes as the caption."""
    caption = " ".join([*([f"{table.title}."] if table.title else []), *table.notes])
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            *([rf"\caption{{{_escape_latex(caption)}}}"] if caption else []),
            rf"\begin{{tabular}}{{l{'r' * (len(table.header) - 1)}}}",
            r"\toprule",
            _latex_row([TableCell(title) for title in table.header]),
            r"\midrule",
            *map(_latex_row, table.rows),
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def runs_csv(results: GridResults) -> str:
    """Render all runs as CSV, with the fields of `RunRecord` as columns."""
    return _csv([field.name for field in fields(RunRecord)], map(astuple, results.records))


def results_csv(results: GridResults) -> str:
    """Render mean and standard deviation over the seeds as CSV, a line for each task and system."""
    lines = []
    for (task, (method, backbone)), cell in results.cells.items():
        statistics = [
            None if value is None else display_value(cell.metric, value)
            for value in (cell.mean, cell.deviation)
        ]
        unit = display_unit(cell.metric)
        lines.append([task, method, backbone, unit, *statistics, len(cell.errors), cell.expected])
    return _csv(["task", "method", "backbone", "unit", "mean", "deviation", "seeds", "asked"], lines)


def paired_tests_csv(results: GridResults) -> str:
    """Render all paired tests as CSV, a line for each pair of systems and kind of pairs."""
    header = ["method_a", "backbone_a", "method_b", "backbone_b", "over", "n", "unit"]
    lines = [
        [*test.a, *test.b, test.over, test.n, test.unit, test.difference, test.lower, test.higher, test.p]
        for test in all_paired_tests(results)
    ]
    return _csv([*header, "mean_difference", "lower", "higher", "p"], lines)


def _markdown_row(cells: Sequence[TableCell]) -> str:
    """Render a row of a Markdown table."""
    texts = [cell.text.replace("|", "\\|").replace("\n", " ") for cell in cells]
    marked = [f"**{text}**" if cell.bold else text for text, cell in zip(texts, cells, strict=True)]
    return "| " + " | ".join(marked) + " |"


def _latex_row(cells: Sequence[TableCell]) -> str:
    """Render a row of a LaTeX table."""
    texts = [(_escape_latex(cell.text), cell.bold) for cell in cells]
    return " & ".join(rf"\textbf{{{text}}}" if bold else text for text, bold in texts) + r" \\"


def _escape_latex(text: str) -> str:
    """Replace the characters that LaTeX does not take literally."""
    return LATEX_SPECIAL.sub(lambda match: LATEX[match[0]], text)


def _csv(header: Sequence[str], lines: Iterable[Sequence[Any]]) -> str:
    """Render a header and lines as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return text.getvalue()
