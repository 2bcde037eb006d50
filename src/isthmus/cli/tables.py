"""Tables on the terminal: words are never broken, whatever the width."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import typer
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from isthmus.bench import Comparison

LOG_WIDTH = 160
"""Width of a table where there is no terminal"""


def print_table(header: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """Print rows under a header; where the terminal is too narrow for that, print each row as a block."""
    lines = [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows]
    terminal = sys.stdout is not None and sys.stdout.isatty()
    console = Console(width=None if terminal else LOG_WIDTH, highlight=False)
    columns = [[title, *(row[i].plain for row in lines)] for i, title in enumerate(header)]
    widths = fitting_widths(columns, console.width - 3 * len(columns) - 1)
    if widths is None:
        for first, *others in lines:
            console.print(first, soft_wrap=True)
            for title, cell in zip(header[1:], others, strict=True):
                console.print(Text.assemble(f"  {title}: ", cell), soft_wrap=True)
        return
    table = Table(box=box.SIMPLE_HEAD)
    for title, width in zip(header, widths, strict=True):
        table.add_column(Text(title), width=width, overflow="fold")
    for row in lines:
        table.add_row(*row)
    console.print(table)


def fitting_widths(columns: Sequence[Sequence[str]], total: int) -> list[int] | None:
    """Share a width among columns, so that no word is broken and the table is short.

    Args:
        columns: Texts of each column.
        total: Width of all columns together.

    Returns:
        Width of each column; None if their longest words do not fit.
    """
    least = [max(cell_len(word) for text in column for word in text.split() or [""]) for column in columns]
    most = [max(map(cell_len, column)) for column in columns]
    content = [sum(map(cell_len, column)) for column in columns]
    widths, spare = list(least), total - sum(least)
    if spare < 0:
        return None
    while spare and (growing := [i for i in range(len(columns)) if widths[i] < most[i]]):
        tallest = max(growing, key=lambda i: content[i] / max(widths[i], 1))
        widths[tallest] += 1
        spare -= 1
    return widths


def print_comparison(comparison: "Comparison") -> None:
    """Print the tables of a grid, in Markdown where there is no terminal, and the files that they are in."""
    if sys.stdout is not None and sys.stdout.isatty():
        for sheet in comparison.sheets:
            if sheet.title:
                typer.echo(f"\n{sheet.title}")
            print_table(
                sheet.header,
                [[Text(cell.text, style="bold" if cell.bold else "") for cell in row] for row in sheet.rows],
            )
            for note in sheet.notes:
                typer.echo(note)
    else:
        typer.echo(comparison)
    names = ", ".join(path.name for path in comparison.files)
    typer.echo(f"\nwritten to {comparison.folder}: {names}")
